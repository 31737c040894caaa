// The ways to the main views. Many of them fold into a menu on a narrow screen.
import { type ReactNode, useId, useRef, useState } from "react";
import { Link, useLocation, useRoute } from "wouter";

export interface NavItem {
  to: string;
  label: string;
}

/** As many stand side by side on a phone. */
const MAX_SIDE_BY_SIDE = 3;

export function MainNav(props: { items: readonly NavItem[] }): ReactNode {
  const { items } = props;
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const [path] = useLocation();
  // Where it was opened: a link that leads elsewhere closes it.
  const [openedAt, setOpenedAt] = useState<string>();
  const isOpen = openedAt === path;
  const here = items.find((item) => path.startsWith(item.to));
  return (
    <nav
      className="nav"
      aria-label="Main"
      data-folds={items.length > MAX_SIDE_BY_SIDE}
      data-open={isOpen}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        setOpenedAt(undefined);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        className="menu-button"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpenedAt(isOpen ? undefined : path)}
      >
        Menu
        {here === undefined ? null : <span className="muted">{here.label}</span>}
      </button>
      <div className="nav-links" id={id}>
        {items.map((item) => (
          <NavLink key={item.to} {...item} />
        ))}
      </div>
    </nav>
  );
}

/** A link that says whether it leads to where one is. */
export function NavLink(props: NavItem & { exact?: boolean }): ReactNode {
  const [here] = useRoute(props.exact ? props.to : `${props.to}/*?`);
  return (
    <Link to={props.to} aria-current={here ? "page" : undefined} className="nav-link">
      {props.label}
    </Link>
  );
}
