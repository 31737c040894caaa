// Answers with the names of the vectors that do not hold in this runtime, and how many there
// are. It is given one of the files of receivers/vectors.

import { type Scheme, VerificationError, verify } from "waxwing-receiver";

interface Vector {
  readonly name: string;
  readonly secrets: string[];
  readonly now: number;
  readonly tolerance?: number;
  readonly headers: [string, string][];
  readonly body?: string;
  readonly body_base64?: string;
  readonly expect: { readonly event?: { readonly id: string }; readonly error?: string };
}

async function holds(scheme: Scheme, vector: Vector): Promise<boolean> {
  const { body, body_base64 = "", headers, secrets, now, tolerance, expect } = vector;
  const bytes = Uint8Array.from(atob(body_base64), (character) => character.charCodeAt(0));
  try {
    const event = await verify(body ?? bytes, headers, secrets, { scheme, now, tolerance });
    return event.id === expect.event?.id;
  } catch (error) {
    return error instanceof VerificationError && error.reason === expect.error;
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    const file = (await request.json()) as { scheme: Scheme; vectors: Vector[] };
    const failed: string[] = [];
    for (const vector of file.vectors) {
      if (!(await holds(file.scheme, vector))) failed.push(vector.name);
    }
    return Response.json({ failed, checked: file.vectors.length });
  },
};
