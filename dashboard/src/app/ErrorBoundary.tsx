// A mistake of this page is shown as one, instead of an empty window.
import { Component, type ReactNode } from "react";
import { Failure } from "../ui/Failure";

interface State {
  error: Error | null;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <main className="page">
        <h1>This page has failed</h1>
        <Failure error={this.state.error} onRetry={() => window.location.reload()} />
      </main>
    );
  }
}
