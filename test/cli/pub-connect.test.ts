import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { Connect } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import type { Server } from "../../src/server/options.ts";
import { UsageError } from "../../src/service/errors.ts";
import { throwAwayCertificate } from "../net/pair.ts";
import {
  type ClientRun,
  door,
  ended,
  interruptAll,
  pub,
  type Relay,
  type Start,
  startRelay,
  startStage,
  sub,
  urlOf,
} from "./client-stage.ts";
import { temporaryDirectory } from "./command.ts";

let server: Server;
let relay: Relay;
const directory = temporaryDirectory();
const file = (name: string, text: string): string => {
  const path = join(directory.path, name);
  writeFileSync(path, text);
  return path;
};

before(async () => {
  server = await startStage();
  await server.publish({ topicName: "ready", payload: "yes", retain: true });
});
after(async () => {
  directory.remove();
  await server?.close();
});
afterEach(async () => {
  interruptAll();
  await relay?.close();
});

/** Both commands do one thing and end. */
const commands = {
  pub: (args: readonly string[], start?: Start): ClientRun => pub([...args, "a", "hello"], start),
  sub: (args: readonly string[], start?: Start): ClientRun => sub([...args, "--count", "1", "ready"], start),
};

for (const [name, command] of Object.entries(commands)) {
  const connectOf = async (args: readonly string[], start?: Start): Promise<Connect> => {
    relay = await startRelay(server);
    const { code, errors } = await ended(command(["--url", relay.url, ...args], start));
    assert.equal(code, 0, errors);
    return relay.connects()[0]!;
  };

  describe(`${name} connects`, () => {
    test("with version 5, Clean Start, Keep Alive 60 and a Client Identifier of its own when nothing is said", async () => {
      const connect = await connectOf([]);
      assert.equal(connect.protocolVersion, 5);
      assert.equal(connect.cleanStart, true);
      assert.equal(connect.keepAliveSeconds, 60);
      assert.match(connect.clientId, new RegExp(`^petstore-${name}-[0-9a-f]{8}$`));
      assert.equal(connect.userName, undefined);
      assert.equal(connect.will, undefined);
      assert.equal(connect.properties.sessionExpiryIntervalSeconds, undefined);
    });

    test("with version 3.1.1, by several names", async () => {
      for (const words of [
        ["--protocol-version", "3.1.1"],
        ["-V", "mqttv311"],
      ]) {
        assert.equal((await connectOf(words)).protocolVersion, 4);
        await relay.close();
      }
    });

    test("with every flag about the Session and its Properties", async () => {
      const flags = "-i kitchen --no-clean-start -k 30 -x 3600 --receive-maximum 7 --maximum-packet-size 70000";
      const more = "--topic-alias-maximum 5 --no-problem-information --request-response-information";
      const users = ["--connect-user-property", "a=1", "--connect-user-property", "a=2=3"];
      const connect = await connectOf([...flags.split(" "), ...more.split(" "), ...users]);
      assert.equal(connect.clientId, "kitchen");
      assert.equal(connect.cleanStart, false);
      assert.equal(connect.keepAliveSeconds, 30);
      const { authenticationData: _, authenticationMethod: __, userProperties, ...numbers } = connect.properties;
      assert.deepEqual(numbers, {
        sessionExpiryIntervalSeconds: 3600,
        receiveMaximum: 7,
        maximumPacketSize: 70_000,
        topicAliasMaximum: 5,
        requestResponseInformation: true,
        requestProblemInformation: false,
      });
      assert.deepEqual(userProperties, [
        ["a", "1"],
        ["a", "2=3"],
      ]);
    });

    test("and says the Response Information that it has asked for", async () => {
      const asked = ["--url", urlOf(server), "-i", "me", "--request-response-information"];
      assert.match((await ended(command(asked))).errors, /Response Information: answers\/me\n/);
    });

    test("with a Will and every Property of it", async () => {
      const will = [
        "--will-topic",
        "gone",
        "--will-message",
        "bye",
        "--will-qos",
        "1",
        "--will-retain",
        "--will-delay",
        "3",
      ];
      const properties = [
        "--will-payload-format",
        "utf-8",
        "--will-message-expiry",
        "60",
        "--will-content-type",
        "text/plain",
      ];
      const more = ["--will-response-topic", "r", "--will-correlation-data", "c", "--will-user-property", "x=y"];
      const sent = (await connectOf([...will, ...properties, ...more])).will!;
      assert.equal(sent.topicName, "gone");
      assert.equal(Buffer.from(sent.payload).toString(), "bye");
      assert.deepEqual([sent.qos, sent.retain, sent.delayIntervalSeconds], [1, true, 3]);
      const { correlationData, userProperties, ...others } = sent.properties;
      assert.equal(Buffer.from(correlationData!).toString(), "c");
      assert.deepEqual(userProperties, [["x", "y"]]);
      assert.deepEqual(others, {
        payloadFormatIndicator: 1,
        messageExpiryIntervalSeconds: 60,
        contentType: "text/plain",
        responseTopic: "r",
      });
    });

    test("with a Will in 3.1.1 too", async () => {
      const { will } = await connectOf(["-V", "3.1.1", "--will-topic", "gone", "--will-retain"]);
      assert.deepEqual([will?.topicName, will?.payload.length, will?.retain], ["gone", 0, true]);
    });

    test("with user and password from flags, from a file, from the environment and from the URL", async () => {
      const password = file("password", "secret\nnot this line\n");
      const environment = { PETSTORE_MQTT_PASSWORD: "secret" };
      for (const [words, start] of [
        [["-u", "alice", "-P", "secret"], {}],
        [["--user", "alice", "--password-file", password], {}],
        [["-u", "alice"], { environment }],
      ] as const) {
        const connect = await connectOf(words, start);
        assert.deepEqual([connect.userName, Buffer.from(connect.password!).toString()], ["alice", "secret"]);
        await relay.close();
      }
      relay = await startRelay(server);
      const url = relay.url.replace("mqtt://", "mqtt://alice:secret@");
      assert.equal((await ended(command(["--url", url]))).code, 0);
      assert.equal(relay.connects()[0]?.userName, "alice");
    });

    test("without the password of the environment when there is no user", async () => {
      const connect = await connectOf([], { environment: { PETSTORE_MQTT_PASSWORD: "secret" } });
      assert.equal(connect.password, undefined);
    });

    test("to a host and a port, where 1883 would be without TLS", async () => {
      const port = String(server.addresses[0]!.port);
      const { code, errors } = await ended(command(["-h", "127.0.0.1", "-p", port]));
      assert.equal(code, 1);
      assert.match(errors, new RegExp(`mqtts://127.0.0.1:${port}: `));
      assert.match(errors, /TLS/);
    });

    test("to nobody, and says which command would help", async () => {
      const { code, out, errors } = await ended(command(["--url", "mqtt://localhost:1"]));
      assert.equal(code, 1);
      assert.equal(out, "");
      assert.match(errors, /^petstore-mqtt: mqtt:\/\/localhost:1: nobody listens there; .*serve --demo starts one\n$/);
    });

    test("to no MQTT server, and does not wait for long", async () => {
      const web = createServer((_request, response) => response.end("hello")).listen(0, "127.0.0.1");
      await once(web, "listening");
      try {
        const { port } = web.address() as AddressInfo;
        for (const url of [`mqtt://127.0.0.1:${port}`, `ws://127.0.0.1:${port}/mqtt`]) {
          const { code, errors } = await ended(command(["--url", url]));
          assert.equal(code, 1);
          assert.match(errors, new RegExp(`^petstore-mqtt: ${url}: .+\n$`));
        }
      } finally {
        web.close();
      }
    });

    test("and says why it was refused, with Reason Code and Reason String", async () => {
      const wrong = ["--url", urlOf(server), "-u", "alice", "-P", "wrong"];
      const { code, errors } = await ended(command(wrong));
      assert.equal(code, 1);
      assert.match(errors, /refused the connection: Bad user name or password \(0x86\): who are you\?\n$/);
      const old = await ended(command([...wrong, "-V", "3.1.1"]));
      assert.equal(old.code, 1);
      assert.match(old.errors, /refused the connection: bad user name or password \(return code 4\)\n$/);
    });

    test("and says nothing but problems when it is quiet", async () => {
      const { out, errors } = await ended(command(["--url", urlOf(server), "--quiet"]));
      assert.equal(out, name === "sub" ? "yes\n" : "");
      assert.equal(errors, "");
    });
  });

  describe(`${name} refuses, before it connects,`, () => {
    for (const [why, words, sentence] of [
      ["a Session without a name", ["--no-clean-start"], /give --client-id ID/],
      ["a URL with --host", ["--url", "mqtt://a", "-h", "b"], /--url says it all; leave --host out/],
      ["a URL of another protocol", ["--url", "http://localhost"], /a protocol is one of mqtt, mqtts, ws, wss/],
      ["a URL that is none", ["--url", "localhost"], /write protocol, host and port/],
      ["a path where there is none", ["--url", "mqtt://a/b"], /only ws and wss have a path/],
      ["a URL as a host", ["--host", "mqtt://a"], /did you mean --url\?/],
      ["a CA without TLS", ["--url", "mqtt://a", "--ca", "x"], /did you mean mqtts or wss\?/],
      ["a certificate without its key", ["--cert", "x"], /--cert and --key belong together/],
      ["a file that is not there", ["--ca", "/nowhere/ca"], /--ca \/nowhere\/ca: it cannot be read: ENOENT/],
      ["two passwords", ["-u", "a", "-P", "b", "--password-file", "c"], /leave one out/],
      ["a password alone in 3.1.1", ["-P", "b", "-V", "3.1.1"], /give --user NAME/],
      ["Properties in 3.1.1", ["-x", "1", "-V", "3.1.1"], /--session-expiry is of MQTT 5.0/],
      ["a Will's Properties in 3.1.1", ["--will-topic", "a", "--will-delay", "1", "-V", "3.1.1"], /--will-delay is of/],
      ["a Will without its topic", ["--will-qos", "1"], /--will-qos needs a Will: give --will-topic TOPIC too/],
      ["a User Property without a value", ["--connect-user-property", "a"], /write NAME=VALUE/],
      ["a number out of range", ["--receive-maximum", "0"], /a whole number from 1 to 65535/],
    ] as const) {
      test(why, async () => {
        await assert.rejects(
          command(words).code,
          (error) => error instanceof UsageError && sentence.test(error.message),
        );
      });
    }

    test("a URL, without showing its password", async () => {
      const wrong = command(["--url", "http://alice:secret@localhost"]).code;
      await assert.rejects(wrong, (error: Error) => !error.message.includes("secret"));
    });
  });
}

describe("A client over TLS and WebSockets", () => {
  const certificate = throwAwayCertificate();
  const ca = file("ca.pem", certificate.cert);
  const key = file("key.pem", certificate.key);
  let secure: Server;
  before(async () => {
    const required = { ...certificate, ca: certificate.cert, clientCertificate: "required" as const };
    const listeners = [door("mqtts", certificate), door("wss", certificate), door("ws"), door("mqtts", required)];
    secure = await startStage({ listeners });
  });
  after(() => secure?.close());

  for (const [index, protocol] of ["mqtts", "wss", "ws"].entries()) {
    test(`speaks ${protocol}`, async () => {
      const trust = protocol === "ws" ? [] : ["--ca", ca];
      const { code, errors } = await ended(pub(["--url", urlOf(secure, index), ...trust, "-q", "1", "a", "b"]));
      assert.equal(code, 0, errors);
    });
  }

  test("speaks TLS with --host and --port, and trusts the authority that lies in the data directory", async () => {
    mkdirSync(join(directory.path, "petstore-data/tls"), { recursive: true });
    file("petstore-data/tls/ca.crt", certificate.cert);
    const port = String(secure.addresses[0]!.port);
    const run = pub(["--host", "localhost", "--port", port, "a", "b"], { directory: directory.path });
    assert.equal((await ended(run)).code, 0);
  });

  test("does not trust an authority that it was not told of, and says how to tell it", async () => {
    for (const index of [0, 1]) {
      const { code, errors } = await ended(pub(["--url", urlOf(secure, index), "a", "b"]));
      assert.equal(code, 1);
      assert.match(errors, /not signed by an authority that is trusted here; give the authority's with --ca FILE/);
    }
  });

  test("shows its certificate where one is required", async () => {
    const to = ["--url", urlOf(secure, 3), "--ca", ca];
    assert.equal((await ended(pub([...to, "--cert", ca, "--key", key, "a", "b"]))).code, 0);
    assert.equal((await ended(pub([...to, "a", "b"]))).code, 1);
  });
});

describe("A client whose connection is lost", () => {
  test("comes back, and the rest arrives", async () => {
    relay = await startRelay(server);
    const listening = sub(["--url", relay.url, "-v", "lost/#"]);
    await listening.said("subscribed to lost/#");
    relay.cut();
    await listening.said("connected to");
    assert.match(listening.errors(), /the connection was closed without a word; trying again\n/);
    await listening.said("the server has no Session of us");
    await relay.sees(() => relay.subscribes().length === 2);
    await server.publish({ topicName: "lost/1", payload: "found", retain: true });
    await listening.said("lost/1 found");
    listening.interrupt();
    assert.equal(await listening.code, 0);
  });

  test("does not come back with --reconnect 0", async () => {
    relay = await startRelay(server);
    const listening = sub(["--url", relay.url, "--reconnect", "0", "lost/#"]);
    await listening.said("subscribed");
    relay.cut();
    assert.equal(await listening.code, 1);
    assert.match(listening.errors(), /closed without a word\n/);
    assert.equal(relay.connects().length, 1);
  });

  test("gives up after --reconnect", async () => {
    relay = await startRelay(server);
    const listening = sub(["--url", relay.url, "--reconnect", "1", "lost/#"]);
    await listening.said("subscribed");
    relay.closeDoor(true);
    relay.cut();
    assert.equal(await listening.code, 1);
    assert.match(listening.errors(), /did not come back within 1 seconds\n/);
  });

  test("does not fight for its Session when another one takes it over", async () => {
    const listening = sub(["--url", urlOf(server), "-i", "twin", "lost/#"]);
    await listening.said("subscribed");
    await ended(pub(["--url", urlOf(server), "-i", "twin", "a", "b"]));
    assert.equal(await listening.code, 1);
    assert.match(listening.errors(), /the server closed the connection: Session taken over \(0x8e\)/);
  });

  test("comes back to a server that was busy", async () => {
    const listening = sub(["--url", urlOf(server), "-i", "busy", "lost/#"]);
    await listening.said("subscribed");
    server.disconnect("busy", ReasonCode.ServerBusy);
    await listening.said("connected to");
    assert.match(listening.errors(), /Server busy \(0x89\); trying again/);
    listening.interrupt();
    assert.equal(await listening.code, 0);
  });
});

test("A client that ends well sends DISCONNECT, so that its Will is not published", async () => {
  relay = await startRelay(server);
  await ended(pub(["--url", relay.url, "--will-topic", "gone", "a", "b"]));
  assert.equal(relay.sent.at(-1)?.type, PacketType.Disconnect);
});
