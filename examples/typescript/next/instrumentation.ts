// Runs when the server starts: one that could not verify anything does not.

export function register(): void {
  if (process.env.NEXT_RUNTIME === "nodejs" && !process.env.WEBHOOK_SECRETS) {
    console.error("set WEBHOOK_SECRETS to the secret of the webhook");
    process.exit(1);
  }
}
