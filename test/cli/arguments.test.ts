import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommand } from "../../src/cli/arguments.ts";
import { configTableText } from "../../src/cli/config-table.ts";
import { demoGuide } from "../../src/cli/demo-guide.ts";
import { helpText } from "../../src/cli/help.ts";
import { configTable } from "../../src/server/config.ts";
import { UsageError } from "../../src/service/errors.ts";
import { readyLine } from "../../src/service/urls.ts";

const noFlags = {
  config: undefined,
  data: undefined,
  store: undefined,
  mqtts: undefined,
  mqtt: undefined,
  bind: undefined,
  demo: false,
  open: false,
  logLevel: undefined,
};

test("serve has flags, with a space or = before the value", () => {
  assert.deepEqual(parseCommand(["serve"]), { name: "serve", flags: noFlags });
  const args = "serve --config a.yaml --data=d --store memory --mqtts 0 --mqtt=1883 --bind :: --demo --log-level warn";
  assert.deepEqual(parseCommand(args.split(" ")), {
    name: "serve",
    flags: {
      ...noFlags,
      config: "a.yaml",
      data: "d",
      store: "memory",
      mqtts: 0,
      mqtt: 1_883,
      bind: "::",
      demo: true,
      logLevel: "warn",
    },
  });
  assert.deepEqual(parseCommand(["serve", "--open"]), { name: "serve", flags: { ...noFlags, open: true } });
});

for (const [args, name] of [
  ["help", "help"],
  ["help serve", "help"],
  ["--help", "help"],
  ["-h", "help"],
  ["serve --help", "help"],
  ["serve --demo -h", "help"],
  ["config", "config"],
  ["version", "version"],
  ["--version", "version"],
] as const) {
  test(`petstore-mqtt ${args} is the command ${name}`, () => {
    assert.deepEqual(parseCommand(args.split(" ")), { name });
  });
}

for (const [args, sentence] of [
  ["", "a command is missing; commands are serve, config, help, version"],
  ["srve", "there is no command srve; did you mean serve?"],
  ["banana", "there is no command banana; commands are serve, config, help, version"],
  ["--demo", "a command comes before --demo; did you mean serve?"],
  ["config x", "config takes no arguments; leave x out"],
  ["serve --mqts 1", "there is no flag --mqts; did you mean --mqtts?"],
  ["serve --loglevel warn", "there is no flag --loglevel; did you mean --log-level?"],
  ["serve --wss 1", "there is no flag --wss; petstore-mqtt help lists all flags"],
  ["serve -d", "there is no flag -d; petstore-mqtt help lists all flags"],
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
  ["serve --store lmdb", "--store lmdb: there is no such store; stores are disk and memory"],
  ["serve --log-level wran", "--log-level wran: there is no such level; did you mean warn?"],
  [
    "serve --log-level 5",
    "--log-level 5: there is no such level; levels are trace, debug, info, warn, error, fatal, silent",
  ],
] as const) {
  test(`petstore-mqtt ${args} is refused in one sentence`, () => {
    assert.throws(() => parseCommand(args === "" ? [] : args.split(" ")), new UsageError(sentence));
  });
}

test("the help names every flag and every command", () => {
  for (const word of [
    "--config",
    "--data",
    "--store",
    "--mqtts",
    "--mqtt",
    "--bind",
    "--demo",
    "--open",
    "--log-level",
  ]) {
    assert.match(helpText, new RegExp(`^  ${word} `, "m"));
  }
  for (const command of ["serve", "config", "help", "version"]) {
    assert.match(helpText, new RegExp(`^  petstore-mqtt ${command} `, "m"));
  }
  assert.ok(helpText.split("\n").every((line) => line.length <= 100));
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
