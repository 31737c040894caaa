// Whose page it is: the operator's logo and name, if it has set them.
import type { ReactNode } from "react";
import { useTheme } from "./theme";

export function Brand(): ReactNode {
  const theme = useTheme();
  return (
    <span className="brand">
      {theme.logo === undefined ? (
        <span className="brand-mark" aria-hidden="true" />
      ) : (
        <img src={theme.logo} alt="" />
      )}
      <span>{theme.name ?? "Webhooks"}</span>
    </span>
  );
}
