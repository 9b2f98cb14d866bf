import { type Limits, limitTable } from "../broker/limits.ts";
import type { Contract, ContractServer } from "../contract/contract.ts";

/**
 * What the server bindings of a contract bound (MQTT binding 0.2.0: `keepAlive`, `sessionExpiryInterval`,
 * `maximumPacketSize`): the least that one of its servers says, within what the limit can be. The configuration file wins.
 */
export function contractLimits({ servers }: Contract): Partial<Limits> {
  return {
    ...least("keepAliveSecondsMax", servers, ({ keepAliveSeconds }) => keepAliveSeconds),
    ...least("sessionExpirySecondsMax", servers, ({ sessionExpirySeconds }) => sessionExpirySeconds),
    ...least("packetBytesMax", servers, ({ packetBytesMax }) => packetBytesMax),
  };
}

function least(
  name: keyof Limits,
  servers: readonly ContractServer[],
  said: (server: ContractServer) => number | undefined,
): Partial<Limits> {
  const values = servers.map(said).filter((value) => value !== undefined);
  const row = limitTable.find((limit) => limit.name === name);
  if (values.length === 0 || row === undefined) return {};
  return { [name]: Math.min(Math.max(Math.min(...values), row.minimum), row.maximum) };
}
