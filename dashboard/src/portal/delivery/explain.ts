// What an attempt's outcome means for whoever runs the receiver, and what to do about it.
// `reason` is the server's closed list; docs/receiving/failures.md says the same at length.
import type { Attempt } from "../../api/types";
import { receiverReason } from "./receiver-reasons";

export interface Explanation {
  title: string;
  meaning: string;
  advice: readonly string[];
}

type Told = Pick<Attempt, "reason" | "status_code" | "error" | "response_body">;

/** Undefined for an attempt that succeeded. */
export function explain(attempt: Told): Explanation | undefined {
  if (!attempt.reason) return undefined;
  if (attempt.reason === "status") {
    return receiverReason(attempt.response_body) ?? byStatus(attempt.status_code ?? 0);
  }
  if (attempt.reason === "timeout") return timeout(attempt.error ?? "");
  return BY_REASON[attempt.reason] ?? BY_REASON.internal;
}

const BY_REASON: Record<string, Explanation> = {
  refused: {
    title: "Nothing listens there",
    meaning: "Your server's address was found, but it refused the connection.",
    advice: [
      "Is the server running, and does it listen on the port of the URL?",
      "Does a firewall or load balancer let connections from outside through?",
    ],
  },
  dns: {
    title: "The host name is not known",
    meaning: "The name in the URL could not be turned into an address.",
    advice: [
      "Look for a typing mistake in the URL.",
      "Does the name resolve from outside your network? A record that was just made can take a while.",
    ],
  },
  tls: {
    title: "No secure connection",
    meaning: "Your server answered, but its certificate or its TLS settings were not accepted.",
    advice: [
      "Has the certificate expired, and is it for this host name?",
      "Does the server send the intermediate certificate along? Browsers often hide that it is missing.",
      "It must speak TLS 1.2 or 1.3, with a certificate of a public authority.",
    ],
  },
  unreachable: {
    title: "The server cannot be reached",
    meaning: "There is no way from here to the address of your server.",
    advice: [
      "Is the server up, and is its address the right one?",
      "Look at routing and firewalls.",
    ],
  },
  reset: {
    title: "The connection broke",
    meaning: "Your server closed the connection before its answer was complete.",
    advice: [
      "Did the process crash or restart at that moment? Look into its log.",
      "A proxy in front of it may cut off requests: look at its limits and its log.",
    ],
  },
  protocol: {
    title: "The answer is not HTTP",
    meaning: "Something answered, but not with a valid HTTP response.",
    advice: [
      "Is the port that of your HTTPS server?",
      "A proxy in front of it may garble the answer.",
    ],
  },
  forbidden_address: {
    title: "The address is not public",
    meaning: "The host name leads to an address that webhooks may not be sent to.",
    advice: ["Use a host with a public address."],
  },
  forbidden_url: {
    title: "The URL is not allowed any more",
    meaning: "The rules for URLs have changed since the webhook was made.",
    advice: ["Set another URL, or ask whoever sends the webhooks."],
  },
  authorization: {
    title: "No access token",
    meaning: "The webhook asks for a token before it sends, and your token endpoint gave none.",
    advice: ["Look at the token endpoint, the client's id and its secret."],
  },
  proxy: {
    title: "The sender's proxy failed",
    meaning: "The request did not get out of the sender's network.",
    advice: ["There is nothing wrong on your side. It is tried again by itself."],
  },
  internal: {
    title: "The request could not be made",
    meaning: "Something failed on the sender's side before anything was sent.",
    advice: ["There is nothing wrong on your side. Tell the sender if it lasts."],
  },
};

function timeout(error: string): Explanation {
  const answered = error.startsWith("no response") || error.startsWith("no complete");
  return {
    title: "It took too long",
    meaning: answered
      ? "Your server took the request, but did not answer in time."
      : "Your server could not be reached in time.",
    advice: answered
      ? [
          "Answer first and work afterwards: keep the event in a queue or a table, and answer 204.",
          "It may have done the work all the same. Tell repeated events by their id.",
        ]
      : ["Is the server up?", "A firewall that drops packets without a word looks like this, too."],
  };
}

function byStatus(status: number): Explanation {
  if (status >= 300 && status < 400) return status300(status);
  return BY_STATUS[status] ?? (status >= 500 ? serverError(status) : clientError(status));
}

function status300(status: number): Explanation {
  return {
    title: `Redirected (${status})`,
    meaning: "Your server sent the request elsewhere. Redirects are not followed.",
    advice: ["Set the webhook's URL to the final address: mind https, www and a slash at the end."],
  };
}

function serverError(status: number): Explanation {
  return {
    title: `Your server failed (${status})`,
    meaning: "It took the request and answered with an error of its own.",
    advice: [
      "Look into its log at the time of the attempt. The answer below may say more.",
      "502, 503 and 504 mostly come from a proxy whose server behind it is down.",
    ],
  };
}

function clientError(status: number): Explanation {
  return {
    title: `Your server refused it (${status})`,
    meaning: "It took the request and did not accept it.",
    advice: ["The answer below may say why. Any status from 200 to 299 counts as received."],
  };
}

const BY_STATUS: Record<number, Explanation> = {
  400: {
    title: "Your server found it malformed (400)",
    meaning: "It took the request and could not make sense of it.",
    advice: ["Does it expect another format? The body is the JSON that is shown here."],
  },
  401: {
    title: "Your server does not believe it (401)",
    meaning: "The signature or a credential was not accepted.",
    advice: [
      "Is the secret that of this webhook, and the newest one?",
      "Is the signature checked over the raw body, before a parser changes it?",
    ],
  },
  403: {
    title: "Your server forbids it (403)",
    meaning: "Something in front of your program turned the request away.",
    advice: ["Let these requests through the firewall or the protection from robots."],
  },
  404: {
    title: "There is nothing at this URL (404)",
    meaning: "Your server runs, but has no such path.",
    advice: ["Compare the path of the URL with the route of your program."],
  },
  405: {
    title: "The URL takes no POST (405)",
    meaning: "Your server knows the path, but not this method.",
    advice: ["The route must take POST."],
  },
  410: {
    title: "Gone (410)",
    meaning: "Your server said that this URL is gone for good. The webhook was disabled.",
    advice: ["Set a new URL and activate the webhook, or delete it."],
  },
  413: {
    title: "Too large for your server (413)",
    meaning: "It does not take bodies of this size.",
    advice: ["Raise its limit, or that of the proxy in front of it."],
  },
  429: {
    title: "Too much at once (429)",
    meaning: "Your server asked to slow down. The next attempt waits at least as long as it said.",
    advice: ["Raise its limit for these requests if it happens often."],
  },
};
