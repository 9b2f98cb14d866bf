import { join } from "node:path";
import { after, afterEach, before, describe } from "node:test";
import { boundedTest as test } from "./bounded-test.ts";
import { type BrokerProcess, startDemoBroker, startOpenBroker } from "./broker-process.ts";
import { answers, killCommands, run } from "./command.ts";

/** Debian's package is for its own Python, which need not be the first on the PATH. */
const python = ["/usr/bin/python3", "python3"].find((each) => answers(each, ["-c", "import paho.mqtt.client"], /^$/));
const skip = python === undefined && "no Python 3 with paho-mqtt is installed (Debian: python3-paho-mqtt)";

let open: BrokerProcess;
let demo: BrokerProcess;
before(async () => {
  if (!skip) [open, demo] = await Promise.all([startOpenBroker(), startDemoBroker()]);
});
after(() => Promise.all([open?.stop(), demo?.stop()]));
afterEach(killCommands);

/** Names of functions in paho_checks.py, with what holds when they pass. */
const checks = {
  every_qos: "QoS 0, 1 and 2 arrive with their QoS",
  order: "300 messages at QoS 2 arrive once each and in order",
  retained: "a Retained Message reaches a later subscriber, until an empty one clears it",
  wildcards: "wildcards match what they should and nothing else",
  will: "the Will is published when the connection breaks, and not after a good DISCONNECT",
  away: "a persistent Session gets in order what came while its Client was away",
  shared: "members of a shared subscription divide the messages among them",
  takeover: "a second connection with the same Client Identifier takes over",
  oversize: "a packet above the limit ends the connection",
  refused_subscription: "a refused subscription says so, and the other filters are granted",
  sys_topics: "$SYS tells the version",
};
const checksOfV5 = {
  properties_of_publish: "every property of a PUBLISH arrives as it was sent, repeated User Properties in order",
  topic_alias: "a Topic Alias from the publisher is understood",
};
const checksOverTls = {
  accounts: "over TLS, verified strictly, the printed accounts exchange QoS 0, 1 and 2",
  bad_password: "a bad password is refused with its code",
};

for (const version of [4, 5]) {
  describe(`Python Paho with MQTT ${version === 5 ? "5.0" : "3.1.1"}`, { skip }, () => {
    const check = (name: string, ...where: readonly string[]) =>
      run(python ?? "", join(import.meta.dirname, "paho_checks.py"), name, String(version), ...where);
    for (const [name, sentence] of Object.entries(version === 5 ? { ...checks, ...checksOfV5 } : checks)) {
      test(sentence, async () => {
        await check(name, String(open.port));
      });
    }
    for (const [name, sentence] of Object.entries(checksOverTls)) {
      test(sentence, async () => {
        await check(name, String(demo.port), demo.caFile);
      });
    }
  });
}
