// A customer's server that takes a million deliveries and keeps none of them.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

/** Answers 204, and 500 to events of one type. Gives its URL. */
export async function receive(
  identity: { cert: Buffer; key: Buffer },
  failing: string,
): Promise<{ url: string; stop: () => void }> {
  const server = createServer(identity, (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const isFailing = Buffer.concat(parts).includes(failing);
      response.writeHead(isFailing ? 500 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop };
}
