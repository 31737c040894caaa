// An address that leads nowhere.
import type { ReactNode } from "react";
import { ButtonLink } from "../ui/Button";
import { Empty } from "../ui/Loaded";
import { Page } from "../ui/Page";

export function NotFound(): ReactNode {
  return (
    <Page title="There is no such page">
      <Empty title="This address leads nowhere.">
        <ButtonLink to="/">Go to the start</ButtonLink>
      </Empty>
    </Page>
  );
}
