// The key of this tab. It is kept in sessionStorage alone: it ends with the tab, and no other
// tab sees it. Where a browser forbids even that (some iframes), it lives until a reload.

const STORED = "waxwing.key";
let inMemory: string | undefined;

/** The key to begin with: from a portal link, which takes precedence, or from before. */
export function initialKey(): string | undefined {
  const linked = takeLinkedToken();
  if (linked !== undefined) keepKey(linked);
  return linked ?? read();
}

export function keepKey(key: string): void {
  inMemory = key;
  try {
    sessionStorage.setItem(STORED, key);
  } catch {
    // Kept in memory.
  }
}

export function forgetKey(): void {
  inMemory = undefined;
  try {
    sessionStorage.removeItem(STORED);
  } catch {
    // There was none.
  }
}

function read(): string | undefined {
  try {
    return sessionStorage.getItem(STORED) ?? inMemory;
  } catch {
    return inMemory;
  }
}

/** Takes `#token=…` out of the address, so that neither history nor a copied link holds it. */
function takeLinkedToken(): string | undefined {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token");
  if (token === null) return undefined;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return token.trim() || undefined;
}
