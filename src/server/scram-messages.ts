import { isUtf8 } from "node:buffer";
import { scramKeyBytes } from "./scram-keys.ts";

/** The client-first-message of RFC 5802, section 7. */
export interface ClientFirst {
  /** `n,,` or `y,,`; the client-final-message must repeat it. */
  readonly gs2Header: string;
  /** Without that header, as it goes into the proof. */
  readonly bare: string;
  readonly name: string;
  readonly nonce: string;
}

/** The client-final-message. */
export interface ClientFinal {
  readonly gs2Header: string;
  readonly nonce: string;
  /** As it goes into the proof. */
  readonly withoutProof: string;
  readonly proof: Buffer;
}

/** What is wrong with a message, for people. `asksForBinding`: it wants a channel binding, which would be another method. */
export interface ScramProblem {
  readonly problem: string;
  readonly asksForBinding: boolean;
}

/** More than any honest message has. */
const messageBytesMax = 1_024;

const nonceText = /^[\x21-\x2b\x2d-\x7e]+$/;

export function parseClientFirst(bytes: Uint8Array | undefined): ClientFirst | ScramProblem {
  const text = textOf(bytes);
  if (text === undefined) return wrong("the client-first-message is missing, too long or no UTF-8");
  const [binding = "", authorizationName, userName = "", nonce = ""] = text.split(",");
  if (binding.startsWith("p=")) return { problem: "channel binding is not offered", asksForBinding: true };
  if (binding !== "n" && binding !== "y") return wrong("the client-first-message has no GS2 header");
  if (authorizationName !== "") return wrong("an authorization identity is not supported");
  if (userName.startsWith("m=")) return wrong("a mandatory extension is not known");
  const name = userName.startsWith("n=") ? unescaped(userName.slice(2)) : undefined;
  if (name === undefined || name === "") return wrong("the client-first-message has no user name");
  const nonceValue = nonce.startsWith("r=") ? nonce.slice(2) : "";
  if (!nonceText.test(nonceValue)) return wrong("the client-first-message has no nonce");
  const gs2Header = `${binding},,`;
  return { gs2Header, bare: text.slice(gs2Header.length), name, nonce: nonceValue };
}

export function parseClientFinal(bytes: Uint8Array | undefined): ClientFinal | ScramProblem {
  const text = textOf(bytes);
  if (text === undefined) return wrong("the client-final-message is missing, too long or no UTF-8");
  const [binding = "", nonce = "", ...rest] = text.split(",");
  const proofText = rest.at(-1) ?? "";
  const gs2Header = binding.startsWith("c=") ? base64(binding.slice(2))?.toString() : undefined;
  if (gs2Header === undefined) return wrong("the client-final-message has no channel binding");
  const nonceValue = nonce.startsWith("r=") ? nonce.slice(2) : "";
  if (!nonceText.test(nonceValue)) return wrong("the client-final-message has no nonce");
  const proof = proofText.startsWith("p=") ? base64(proofText.slice(2)) : undefined;
  if (proof?.length !== scramKeyBytes) return wrong("the client-final-message has no proof");
  return { gs2Header, nonce: nonceValue, withoutProof: text.slice(0, -proofText.length - 1), proof };
}

function wrong(problem: string): ScramProblem {
  return { problem, asksForBinding: false };
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length > messageBytesMax || !isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

/** A name in which `=2C` is a comma and `=3D` an equals sign; undefined when it has another `=`. */
function unescaped(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

function base64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return text !== "" && bytes.toString("base64") === text ? bytes : undefined;
}
