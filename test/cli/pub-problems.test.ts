import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionProblem, isTemporary, refusalText, returnCodeText, visible } from "../../src/cli/client-problems.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";

const server = "mqtts://localhost:8883";

function failed(code: string, message = "what Node says"): Error {
  return Object.assign(new Error(message), { code });
}

test("errors of the network and of TLS become sentences that say what to do", () => {
  const sentence = (code: string): string => connectionProblem(server, failed(code));
  assert.match(sentence("ECONNREFUSED"), /^mqtts:\/\/localhost:8883: nobody listens there; .*serve --demo/);
  assert.match(sentence("ERR_TLS_CERT_ALTNAME_INVALID"), /for other names; use one of them in --url$/);
  assert.match(sentence("SELF_SIGNED_CERT_IN_CHAIN"), /--ca FILE/);
  assert.match(sentence("ERR_SSL_WRONG_VERSION_NUMBER"), /does not speak TLS there/);
  assert.match(sentence("EWHATEVER"), /: what Node says$/);
});

test("a connection that ends without an error is said to", () => {
  assert.equal(connectionProblem(server, undefined), `${server}: the connection was closed without a word`);
});

test("a refusal has the name and the number of its Reason Code, and the Reason String when there is one", () => {
  assert.equal(refusalText(ReasonCode.QuotaExceeded, undefined), "Quota exceeded (0x97)");
  assert.equal(refusalText(ReasonCode.NotAuthorized, "no"), "Not authorized (0x87): no");
  assert.equal(returnCodeText(5), "not authorized (return code 5)");
  assert.equal(returnCodeText(77), "return code 77");
});

test("what a server writes cannot move the cursor of a terminal", () => {
  assert.equal(visible("a\x1b[2J\u009b\n\tb"), "a\\x1b[2J\\x9b\\n\\tb");
  assert.equal(refusalText(ReasonCode.NotAuthorized, "\x1b]0;x\x07"), "Not authorized (0x87): \\x1b]0;x\\x07");
  assert.equal(connectionProblem(server, failed("EWHATEVER", "\x1b[2J")), `${server}: \\x1b[2J`);
});

test("only what may pass is tried again", () => {
  assert.equal(isTemporary(ReasonCode.ServerBusy), true);
  assert.equal(isTemporary(ReasonCode.ServerShuttingDown), true);
  assert.equal(isTemporary(ReasonCode.SessionTakenOver), false);
  assert.equal(isTemporary(ReasonCode.PacketTooLarge), false);
});
