import { pino } from "pino";
import type { Principal } from "../../src/broker/authentication.ts";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import type { CompiledContract } from "../../src/contract/compile.ts";
import { ContractPolicy } from "../../src/contract/contract-policy.ts";
import { claimsOwnership } from "../../src/contract/rights.ts";
import type { Server } from "../../src/server/options.ts";
import { startServer } from "../../src/server/server.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { connect, type TestClient } from "../interop/mqttjs.ts";

/** Who exists: the User Name is the name, and there are no passwords. */
export type Person = Omit<Principal, "clientId">;

/** A broker that holds everybody to a contract. */
export interface ContractServer {
  readonly url: string;
  /** Connects one of its people, by an MQTT.js client; with any Client Identifier, or this one. */
  connect(person: Person, protocolVersion: 4 | 5, clientId?: string): Promise<TestClient>;
  close(): Promise<void>;
}

/** Starts it on a free port, with its state in memory. */
export async function startUnder(compiled: CompiledContract, people: readonly Person[]): Promise<ContractServer> {
  const server: Server = await startServer({
    listeners: [{ protocol: "mqtt", host: "127.0.0.1", port: 0, tls: undefined }],
    limits: createLimits(),
    capabilities: allCapabilities,
    policy: new ContractPolicy(compiled, claimsOwnership, () => {}),
    authenticator: {
      authenticate: async ({ userName, clientId }) => {
        const person = people.find(({ name }) => name === userName);
        if (person === undefined) throw new Error(`there is no ${userName}`);
        return { kind: "accept", principal: { ...person, clientId }, authenticationData: undefined };
      },
    },
    store: createMemoryStore(),
    spaceProblem: () => undefined,
    log: pino({ level: "silent" }),
    responseInformation: undefined,
    sysIntervalSeconds: 0,
  });
  const { url } = server;
  return {
    url,
    connect: ({ name }, protocolVersion, clientId) => {
      return connect(url, { protocolVersion, username: name, ...(clientId === undefined ? {} : { clientId }) });
    },
    close: () => server.close(),
  };
}

/** What a PUBLISH was answered with, and why. At QoS 0, and for MQTT 3.1.1, it is always 0. */
export interface Answer {
  readonly reasonCode: number;
  readonly reasonString: string | undefined;
}

/** Publishes, and resolves with the answer to it. */
export function publishTo(
  { client }: TestClient,
  topicName: string,
  payload: Uint8Array,
  options: Parameters<TestClient["client"]["publishAsync"]>[2],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`the connection ended instead of an answer to ${topicName}`));
    if (!client.connected) ended();
    client.once("close", ended);
    client.publish(topicName, Buffer.from(payload), options ?? {}, (error, packet) => {
      client.off("close", ended);
      const answer = (packet ?? {}) as { reasonCode?: number; properties?: { reasonString?: string } };
      const code = (error as { code?: unknown } | null | undefined)?.code;
      if (error && typeof code !== "number") reject(error);
      const reasonCode = typeof code === "number" ? code : (answer.reasonCode ?? 0);
      resolve({ reasonCode, reasonString: answer.properties?.reasonString });
    });
  });
}

/** Subscribes, and resolves with the Reason Code of each Topic Filter. */
export function subscribeTo(
  { client }: TestClient,
  topicFilters: readonly string[],
  qos: 0 | 1 | 2,
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    client.subscribe([...topicFilters], { qos }, (error, _granted, packet) => {
      const granted = (packet as { granted?: number[] } | undefined)?.granted;
      if (granted === undefined) reject(error ?? new Error("no SUBACK"));
      else resolve(granted);
    });
  });
}

/** Resolves when everything that the server sent this client before has come: its connection is first in, first out. */
export async function settled({ client }: TestClient): Promise<void> {
  await client.unsubscribeAsync("nobody/subscribes/to/this");
}
