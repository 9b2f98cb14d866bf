import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command, Given } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { configTableText } from "../../src/cli/config.ts";
import { demoGuide } from "../../src/cli/demo-guide.ts";
import { parseCommand } from "../../src/cli/parse-command.ts";
import { serveFlags } from "../../src/cli/serve-flags.ts";
import { configTable } from "../../src/server/config.ts";
import { UsageError } from "../../src/service/errors.ts";
import { readyLine } from "../../src/service/urls.ts";

const noFlags = {
  contract: undefined,
  contractView: undefined,
  config: undefined,
  data: undefined,
  store: undefined,
  mqtts: undefined,
  mqtt: undefined,
  wss: undefined,
  ws: undefined,
  bind: undefined,
  demo: false,
  open: false,
  logLevel: undefined,
};

const send: Command = {
  name: "pets send",
  summary: "sends pets",
  positionals: "PET [PLACE]",
  positionalsMin: 1,
  positionalsMax: 2,
  flags: [
    { name: "quick", short: "r", summary: "now" },
    { name: "verbose", short: "v", summary: "say more" },
    { name: "level", short: "q", value: "LEVEL", choices: ["0", "1", "2"], summary: "how sure" },
    { name: "text", short: "m", value: "TEXT", mayBeEmpty: true, example: "hello", summary: "what to say" },
    { name: "property", value: "NAME=VALUE", many: true, summary: "what else" },
    { name: "host", short: "h", value: "HOST", summary: "where" },
  ],
  examples: [],
  notes: "",
  load: () => assert.fail("parsing loads no code"),
};
const table = [...commands, send, { ...send, name: "pets fetch", flags: [] }];

function given(line: string): Given {
  const asked = parseCommand(line.split(" "), table);
  assert.ok("given" in asked, `${line} asks for help`);
  return asked.given;
}

test("serve has flags, with a space or = before the value", () => {
  assert.deepEqual(serveFlags(given("serve")), noFlags);
  const line =
    "serve --config a.yaml --data=d --store memory --mqtts 0 --mqtt=1883 --bind :: --demo --contract none --contract-view client --log-level warn";
  assert.deepEqual(serveFlags(given(line)), {
    ...noFlags,
    config: "a.yaml",
    data: "d",
    store: "memory",
    mqtts: 0,
    mqtt: 1_883,
    bind: "::",
    contract: "none",
    contractView: "client",
    demo: true,
    logLevel: "warn",
  });
  assert.deepEqual(serveFlags(given("serve --open")), { ...noFlags, open: true });
});

for (const [line, name] of [
  ["help", "help"],
  ["help serve", "help"],
  ["config", "config"],
  ["version", "version"],
  ["--version", "version"],
  ["pets send cat", "pets send"],
] as const) {
  test(`petstore-mqtt ${line} is the command ${name}`, () => {
    const asked = parseCommand(line.split(" "), table);
    assert.equal("command" in asked && asked.command.name, name);
  });
}

for (const [line, helpAbout] of [
  ["--help", []],
  ["-h", []],
  ["serve --help", ["serve"]],
  ["serve --demo -h", ["serve"]],
  ["pets --help", ["pets"]],
  ["pets send --help", ["pets", "send"]],
  ["pets fetch -h", ["pets", "fetch"]],
] as const) {
  test(`petstore-mqtt ${line} asks for help`, () => {
    assert.deepEqual(parseCommand(line.split(" "), table), { helpAbout });
  });
}

test("short flags may be grouped, have their value close by, and -h is the command's own where it has one", () => {
  const flags = given("pets send -rvq1 -h here cat");
  assert.ok(flags.has("quick") && flags.has("verbose"));
  assert.deepEqual([flags.text("level"), flags.text("host"), flags.positionals], ["1", "here", ["cat"]]);
});

test("behind -- nothing is a flag, and - alone never is one", () => {
  assert.deepEqual(given("pets send - -- --quick").positionals, ["-", "--quick"]);
});

test("a flag that may be given more than once keeps every value in order", () => {
  const flags = given("pets send --property a=1 cat --property a=2");
  assert.deepEqual(flags.texts("property"), ["a=1", "a=2"]);
  assert.deepEqual(flags.texts("text"), []);
});

test("a value may start with one dash, and be empty where the flag says so", () => {
  assert.equal(given("pets send cat --text -5").text("text"), "-5");
  assert.equal(given("pets send cat --text=--5").text("text"), "--5");
  assert.equal(given("pets send cat --text=").text("text"), "");
});

test("a whole number has to be one, between its bounds", () => {
  assert.equal(given("pets send cat -m 10").integer("text", 0, 10), 10);
  assert.equal(given("pets send cat").integer("text", 0, 10), undefined);
  for (const text of ["11", "1.5", "1e1", "0x1", "-1", ""]) {
    const sentence = `--text ${text}: it is a whole number from 0 to 10`;
    assert.throws(() => given(`pets send cat --text=${text}`).integer("text", 0, 10), new UsageError(sentence));
  }
});

for (const [line, sentence] of [
  ["srve", "there is no command srve; did you mean serve?"],
  ["--demo", "a command comes before --demo; did you mean serve?"],
  ["version x", "version takes no arguments; leave x out"],
  ["serve --mqts 1", "there is no flag --mqts; did you mean --mqtts?"],
  ["serve --loglevel warn", "there is no flag --loglevel; did you mean --log-level?"],
  ["serve --banana 1", "there is no flag --banana; petstore-mqtt help serve lists all flags"],
  ["serve -d", "there is no flag -d; petstore-mqtt help serve lists all flags"],
  ["serve 1883", "serve takes only flags; what is 1883?"],
  ["serve -- x", "serve takes only flags; leave -- out"],
  ["serve --mqtt", "--mqtt needs a value, as in --mqtt 1883"],
  ["serve --mqtt --demo", "--mqtt needs a value, as in --mqtt 1883"],
  ["serve --data=", "--data needs a value, as in --data ./petstore-data"],
  ["serve --demo=yes", "--demo takes no value; leave =yes out"],
  ["serve --mqtt 1 --mqtt 2", "--mqtt was given twice; leave one out"],
  ["serve --mqtt -1", "--mqtt -1: a port is a number from 0 to 65535, where 0 takes a free one"],
  ["serve --mqtts 65536", "--mqtts 65536: a port is a number from 0 to 65535, where 0 takes a free one"],
  ["serve --mqtts 0x50", "--mqtts 0x50: a port is a number from 0 to 65535, where 0 takes a free one"],
  ["serve --store lmdb", "--store lmdb: there is no such value; choose one of disk, memory"],
  ["serve --log-level wran", "--log-level wran: there is no such value; did you mean warn?"],
  ["pets", "pets needs one more word: send, fetch"],
  ["pets --quick", "pets needs one more word: send, fetch"],
  ["pets sned", "there is no command pets sned; did you mean pets send?"],
  ["pets eat", "there is no command pets eat; behind pets comes send, fetch"],
  ["pets send", "pets send needs PET [PLACE]; petstore-mqtt help pets send has examples"],
  ["pets send a b c", "pets send takes only PET [PLACE]; leave c out"],
  ["pets send cat -q 3", "-q 3: there is no such value; choose one of 0, 1, 2"],
  ["pets send cat -m", "-m needs a value, as in -m hello"],
  ["pets send cat -v --verbose", "--verbose was given twice; leave one out"],
] as const) {
  test(`petstore-mqtt ${line} is refused in one sentence`, () => {
    assert.throws(() => serveFlags(given(line)), new UsageError(sentence));
  });
}

test("a line without a command, or with one that is near to none, is answered with the list of them", () => {
  const list = [...new Set(commands.map(({ name }) => name.split(" ")[0]))].join(", ");
  assert.throws(() => parseCommand([], commands), new UsageError(`a command is missing; commands are ${list}`));
  const sentence = `there is no command banana; commands are ${list}`;
  assert.throws(() => parseCommand(["banana"], commands), new UsageError(sentence));
});

test("the table of keys has one line for each, with default, unit and meaning", () => {
  const lines = configTableText().trimEnd().split("\n");
  assert.equal(lines.length, configTable.length + 1);
  const line = lines.find((each) => each.startsWith("limits.connectTimeoutSeconds"));
  assert.match(line ?? "", /^limits\.connectTimeoutSeconds +10 +seconds +time from/);
});

for (const [host, url] of [
  ["localhost", "mqtts://localhost:1"],
  ["192.168.1.5", "mqtts://192.168.1.5:1"],
  ["::1", "mqtts://[::1]:1"],
  ["0.0.0.0", "mqtts://localhost:1"],
  ["::", "mqtts://localhost:1"],
] as const) {
  test(`a listener on ${host} is said to be ready as ${url}`, () => {
    assert.equal(readyLine([{ protocol: "mqtts", host, port: 1 }]), `ready ${url}`);
  });
}

test("the ready line has all URLs in one line", () => {
  const addresses = [
    { protocol: "mqtts", host: "localhost", port: 8_883 },
    { protocol: "mqtt", host: "127.0.0.1", port: 1_883 },
  ] as const;
  assert.equal(readyLine(addresses), "ready mqtts://localhost:8883 mqtt://127.0.0.1:1883");
});

test("the printed commands quote a path with spaces and name an IPv6 address as the clients want it", () => {
  const guide = demoGuide({ protocol: "mqtts", host: "::1", port: 7 }, "/my data/it's/ca.crt");
  assert.match(
    guide,
    /mosquitto_sub -V mqttv5 -h ::1 -p 7 --cafile '\/my data\/it'\\''s\/ca\.crt' -u alice -P alice-demo /,
  );
});

test("without TLS or with a certificate of one's own, the printed commands name no authority of ours", () => {
  assert.doesNotMatch(demoGuide({ protocol: "mqtt", host: "localhost", port: 7 }, "ca.crt"), /--ca/);
  assert.match(demoGuide({ protocol: "mqtts", host: "localhost", port: 7 }, undefined), / --tls-use-os-certs /);
});
