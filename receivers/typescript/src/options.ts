// What a receiver can choose, and what holds if it does not.

/** `standard`: the header webhook-signature, which signs the time too. `plain`: X-Webhook-Signature. */
export type Scheme = "standard" | "plain";

export interface VerifyOptions {
  /** Which signature to check; default `standard`. The other one is never tried. */
  readonly scheme?: Scheme | undefined;
  /** How far the time of a request may be from now, in seconds; default 300. */
  readonly tolerance?: number | undefined;
  /** The time in Unix seconds, for tests; default: the clock. */
  readonly now?: number | undefined;
  /** Reads JSON; default `JSON.parse`. Another one keeps the digits of large numbers. */
  readonly parse?: ((text: string) => unknown) | undefined;
}

export interface Settings {
  readonly scheme: Scheme;
  readonly tolerance: number;
  readonly now: number;
  readonly parse: (text: string) => unknown;
}

const DEFAULT_TOLERANCE = 300;

/** Fills in what is missing. A wrong option is a mistake of the program, not of a request. */
export function settle(options: VerifyOptions): Settings {
  const {
    scheme = "standard",
    tolerance = DEFAULT_TOLERANCE,
    now = Math.floor(Date.now() / 1000),
    parse = JSON.parse,
  } = options;
  if (scheme !== "standard" && scheme !== "plain") {
    throw new TypeError(`scheme must be "standard" or "plain", not ${JSON.stringify(scheme)}`);
  }
  if (typeof tolerance !== "number" || !(tolerance >= 0)) {
    throw new RangeError(
      `tolerance must be a number of seconds from 0 up, not ${String(tolerance)}`,
    );
  }
  if (typeof now !== "number" || Number.isNaN(now)) {
    throw new RangeError(`now must be Unix seconds, not ${String(now)}`);
  }
  return { scheme, tolerance, now, parse: (text) => parse(text) };
}
