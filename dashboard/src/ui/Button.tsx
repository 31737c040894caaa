// Buttons, and links that look like them. One primary button in a view at most.
import type { ReactNode, Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components";
import { Link } from "wouter";

type Look = "primary" | "plain" | "quiet" | "danger";

interface ButtonProps extends AriaButtonProps {
  look?: Look;
  small?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", small, ...props }: ButtonProps): ReactNode {
  return <AriaButton {...props} className={classes(look, small)} />;
}

export function ButtonLink(props: {
  to: string;
  look?: Look;
  small?: boolean;
  children: ReactNode;
}): ReactNode {
  return (
    <Link to={props.to} className={classes(props.look ?? "plain", props.small)}>
      {props.children}
    </Link>
  );
}

function classes(look: Look, small?: boolean): string {
  return `button ${look}${small ? " small" : ""}`;
}
