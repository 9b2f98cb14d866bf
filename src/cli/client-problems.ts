import { ReasonCode, reasonCodeName } from "../mqtt/reason-code.ts";

/** A Reason Code for people: `Not authorized (0x87): you may not read orders/#`. */
export function refusalText(reasonCode: number, reasonString: string | undefined): string {
  const code = `${reasonCodeName(reasonCode)} (0x${reasonCode.toString(16).padStart(2, "0")})`;
  return reasonString === undefined || reasonString === "" ? code : `${code}: ${visible(reasonString)}`;
}

/** What a CONNACK of 3.1.1 says no with (§3.2.2.3 of it). */
export function returnCodeText(returnCode: number): string {
  const meaning = returnCodes[returnCode - 1];
  return meaning === undefined ? `return code ${returnCode}` : `${meaning} (return code ${returnCode})`;
}

/** Whether the same may be tried again later: of CONNACK and of DISCONNECT (§3.2.2.2, §3.14.2.1). */
export function isTemporary(reasonCode: number): boolean {
  return temporaryReasonCodes.has(reasonCode);
}

/** The same for a CONNACK of 3.1.1: Server unavailable. */
export function isTemporaryReturnCode(returnCode: number): boolean {
  return returnCode === serverUnavailableReturnCode;
}

/** Why there is no connection, as a sentence with a way out. */
export function connectionProblem(server: string, error: Error | undefined): string {
  const { code, message } = (error ?? { message: "" }) as Error & { readonly code?: unknown };
  const word = String(code ?? "");
  const meaning = problems[word.startsWith("ERR_SSL") ? "EPROTO" : word];
  if (meaning !== undefined) return `${server}: ${meaning}`;
  if (message === "connack timeout") return `${server}: no answer came in time; is it an MQTT server?`;
  if (message === "Keepalive timeout") return `${server}: it no longer answers`;
  if (message === "") return `${server}: the connection was closed without a word`;
  return `${server}: ${visible(message)}`;
}

/** Text of strangers for a terminal: what could move its cursor or worse is written as `\x1b`. */
export function visible(text: string): string {
  return text.replace(controlCharacters, (character) => {
    const known = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
    return known ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/g;

const serverUnavailableReturnCode = 3;

const returnCodes = [
  "unacceptable protocol version",
  "Client Identifier rejected",
  "server unavailable",
  "bad user name or password",
  "not authorized",
];

const temporaryReasonCodes: ReadonlySet<number> = new Set([
  ReasonCode.Success,
  ReasonCode.ServerUnavailable,
  ReasonCode.ServerBusy,
  ReasonCode.ServerShuttingDown,
  ReasonCode.KeepAliveTimeout,
  ReasonCode.MessageRateTooHigh,
  ReasonCode.ConnectionRateExceeded,
  ReasonCode.MaximumConnectTime,
]);

const untrusted =
  "its certificate is not signed by an authority that is trusted here; give the authority's with --ca FILE " +
  "(petstore-data/tls/ca.crt of the server)";

const problems: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there; is the server running? petstore-mqtt serve --demo starts one",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name of the host cannot be looked up now",
  ETIMEDOUT: "no answer came in time",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to this network",
  ECONNRESET: "the server closed the connection without a word; does it speak this protocol (TLS or not)?",
  EPIPE: "the server closed the connection without a word",
  EPROTO: "it does not speak TLS there; try mqtt:// or ws:// for a port without",
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: "its certificate has expired; renew it",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; is the clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for other names; use one of them in --url",
};
