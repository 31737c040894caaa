// A window above the page. Escape and a press beside it close it, unless it must be answered.
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Must be closed by one of its own buttons. */
  mustAnswer?: boolean;
  wide?: boolean;
}): ReactNode {
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      isDismissable={!props.mustAnswer}
      isKeyboardDismissDisabled={props.mustAnswer ?? false}
      onOpenChange={(open) => {
        if (!open) props.onClose();
      }}
    >
      <Modal className={props.wide ? "modal wide" : "modal"}>
        <AriaDialog className="dialog">
          <Heading slot="title" className="dialog-title">
            {props.title}
          </Heading>
          {props.children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
