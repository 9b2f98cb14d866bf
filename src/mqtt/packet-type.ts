/**
 * The Control Packet types (§2.1.2). Const objects, not enums: the values are the wire's.
 */
export const PacketType = {
  Connect: 1,
  Connack: 2,
  Publish: 3,
  Puback: 4,
  Pubrec: 5,
  Pubrel: 6,
  Pubcomp: 7,
  Subscribe: 8,
  Suback: 9,
  Unsubscribe: 10,
  Unsuback: 11,
  Pingreq: 12,
  Pingresp: 13,
  Disconnect: 14,
  Auth: 15,
} as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** Protocol Level byte of CONNECT (§3.1.2.2): 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export const ProtocolVersion = { V311: 4, V5: 5 } as const;
export type ProtocolVersion = (typeof ProtocolVersion)[keyof typeof ProtocolVersion];

/** Quality of Service level (§4.3). */
export type QoS = 0 | 1 | 2;

/**
 * What the lower four bits of the first byte must be, by PacketType (§2.1.3); PUBLISH has DUP, QoS and RETAIN there.
 */
export const fixedHeaderFlags: readonly number[] = [0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];
