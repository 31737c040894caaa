// The account's own view.
import type { ReactNode } from "react";
import { Shell } from "../app/Shell";
import { PortalRoutes } from "./PortalRoutes";

const NAV = [
  { to: "/webhooks", label: "Webhooks" },
  { to: "/event-types", label: "Event types" },
];

export default function Portal(): ReactNode {
  return (
    <Shell nav={NAV}>
      <PortalRoutes />
    </Shell>
  );
}
