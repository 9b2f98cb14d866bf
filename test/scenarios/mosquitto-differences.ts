/** Why Mosquitto does something else than a scenario expects. */
export interface Difference {
  /** `choice`: the specification allows both. `fault`: it does not allow what Mosquitto does. `setting`: a default. */
  readonly kind: "choice" | "fault" | "setting";
  readonly reason: string;
  /** Files below this directory, without their ending, and the version where only one differs. */
  readonly scenarios: readonly string[];
  /** It depends on chance, so that a play may also go as expected. */
  readonly varies?: true;
}

/** The version that the list was made with: what Debian 12 has. */
export const mosquittoVersionListed = "2.0.11";

/** Every scenario that goes differently with Mosquitto; `npm run scenarios -- --broker mosquitto` says how. */
export const differences: readonly Difference[] = [
  {
    kind: "choice",
    reason: "It hands a QoS 2 message on when PUBREL came, we when PUBLISH came; §4.3.3 leaves that to the Server",
    scenarios: [
      "3.10-unsubscribe/in-flight-completes",
      "3.3-publish/effective-qos",
      "3.3-publish/overlapping-highest-qos",
      "3.4-acknowledgements/puback-for-qos-2",
      "3.4-acknowledgements/pubcomp-not-found",
      "3.4-acknowledgements/pubrec-refusal-ends",
      "3.4-acknowledgements/with-properties",
      "3.8-subscribe/same-filter-twice-in-one",
      "4.3-qos/pubrec-twice",
      "4.3-qos/qos-2-identifier-free-again",
      "4.3-qos/qos-2-in",
      "4.3-qos/qos-2-out",
      "4.3-qos/qos-2-received-ends-with-session",
      "4.3-qos/qos-2-received-survives",
      "4.3-qos/qos-2-released-late",
      "4.4-resend/original-order",
      "4.4-resend/qos-2-publish",
      "4.4-resend/qos-2-pubrel",
      "4.6-order/offline-queue",
      "4.6-order/pubrels",
      "4.8-shared/granted-qos",
      "4.8-shared/qos-2-released-resumes",
      "4.8-shared/qos-2-stays",
      "4.8-shared/refused-is-dropped",
      "4.9-flow/receive-maximum-out",
    ],
  },
  {
    kind: "choice",
    reason: "It closes without a CONNACK or DISCONNECT that says why; §4.13 asks for one with SHOULD or MAY",
    scenarios: [
      "1.5-data/remaining-length-too-long 5.0",
      "2.1-structure/packets-only-servers-send 5.0",
      "2.2-variable-header/property-twice",
      "3.1-connect/field-missing",
      "3.1-connect/maximum-packet-size-zero",
      "3.1-connect/receive-maximum-zero",
      "3.1-connect/reserved-flag-v5",
      "3.1-connect/second-connect 5.0",
      "3.1-connect/text-invalid-utf8",
      "3.1-connect/will-qos-3",
      "3.1-connect/will-qos-without-will",
      "3.1-connect/will-retain-without-will",
      "3.1-connect/will-topic-wildcard",
      "3.14-disconnect/code-not-listed",
      "3.14-disconnect/flags 5.0",
      "3.15-auth/flags",
      "3.3-publish/property-invalid-utf8",
      "3.4-acknowledgements/pubrec-for-qos-1 5.0",
      "3.4-acknowledgements/pubrel-flags 5.0",
      "4.13-errors/malformed-connect",
    ],
  },
  {
    kind: "choice",
    reason: "It says 0x82 Protocol Error where we say 0x81 Malformed Packet, or the other way round, and closes too",
    scenarios: [
      "2.1-structure/type-zero 5.0",
      "3.1-connect/will-on-protocol-error 5.0",
      "3.10-unsubscribe/no-filter 5.0",
      "3.3-publish/number-sign-in-topic-name 5.0",
      "3.3-publish/topic-alias-zero",
      "3.3-publish/wildcard-in-topic-name 5.0",
      "3.8-subscribe/no-filter 5.0",
      "3.8-subscribe/qos-3",
      "3.8-subscribe/retain-handling-3",
      "3.8-subscribe/subscription-identifier-zero",
      "4.13-errors/others-go-on 5.0",
      "4.13-errors/session-survives 5.0",
      "4.8-shared/wildcard-in-share-name",
    ],
  },
  {
    kind: "choice",
    reason: "It does not tell a publisher that nobody subscribed (0x10); §3.4.2.1 and §3.5.2.1 allow that with MAY",
    scenarios: [
      "3.3-publish/no-matching-subscribers",
      "3.3-publish/retained-qos 5.0",
      "3.8-subscribe/no-local",
      "3.8-subscribe/no-local-reconnected",
      "4.3-qos/identifiers-of-both-ends 5.0",
      "4.3-qos/qos-2-expired-handshake",
      "4.6-order/acknowledgements 5.0",
    ],
  },
  {
    kind: "choice",
    reason: "It answers a Packet Identifier that it does not know with 0x00, we with 0x92; §4.13.2 asks for neither",
    scenarios: ["3.4-acknowledgements/pubrec-for-nothing", "3.4-acknowledgements/pubrel-for-nothing 5.0"],
  },
  {
    kind: "choice",
    reason: "It binds a message to a member of the group at once, we when it is sent; §4.8.2 leaves the choice free",
    scenarios: [
      "4.8-shared/backlog",
      "4.8-shared/offline-member-is-skipped",
      "4.8-shared/quota-of-members",
      "4.8-shared/unacknowledged-acknowledged-late",
      "4.8-shared/unacknowledged-goes-to-another",
      "4.8-shared/unacknowledged-when-session-ends",
      "4.8-shared/unsubscribed-and-lost",
    ],
  },
  {
    kind: "choice",
    reason: "It does not use Topic Aliases by itself; §3.3.2.3.4 allows both",
    scenarios: [
      "3.3-publish/topic-alias-out",
      "3.3-publish/topic-alias-out-resend",
      "3.3-publish/topic-alias-out-too-large",
    ],
  },
  {
    kind: "choice",
    reason: "It speaks MQTT 3.1 too, and refuses other versions with the code of 3.1.1; §3.1.2.2 allows both",
    scenarios: ["3.1-connect/mqtt-3.1-refused", "3.1-connect/version-6-refused"],
  },
  {
    kind: "choice",
    reason: "It accepts DUP at QoS 0: [MQTT-3.3.1-2] binds who sends it and does not say what a Server does",
    scenarios: ["3.3-publish/dup-at-qos-0"],
  },
  {
    kind: "choice",
    reason: "It lets Clients publish below $; §4.7.2 says only SHOULD",
    scenarios: ["3.1-connect/will-server-topic"],
  },
  {
    kind: "choice",
    reason: "It sends a copy for each overlapping subscription, we one for all; §3.3.4 allows both",
    scenarios: ["3.3-publish/overlapping-retain", "3.3-publish/subscription-identifiers"],
  },
  {
    kind: "choice",
    reason: "It sends Retained Messages once for each time that a filter is named in one SUBSCRIBE",
    scenarios: ["3.3-publish/retained-subscribed-again"],
  },
  {
    kind: "choice",
    reason: "In 3.1.1 it sends one copy to a Session with a plain and a shared subscription; 3.1.1 has no word for it",
    scenarios: ["4.8-shared/shared-and-plain-in-one-session 3.1.1"],
  },
  {
    kind: "setting",
    reason: "It keeps a Session for ever by default, we for sessionExpirySecondsMax at most",
    scenarios: ["3.1-connect/session-expiry-never"],
  },
  {
    kind: "fault",
    reason:
      "A second connection ends the first without DISCONNECT 0x8E [MQTT-3.1.4-3] (eclipse-mosquitto #2340, #2607)",
    scenarios: [
      "3.1-connect/takeover 5.0",
      "3.1-connect/takeover-between-versions",
      "3.1-connect/takeover-clean 5.0",
      "3.1-connect/takeover-in-flight 5.0",
      "3.1-connect/takeover-many 5.0",
    ],
  },
  {
    kind: "fault",
    reason:
      "A Will is lost: after a takeover, after a DISCONNECT with a failure, or when the Session ends [MQTT-3.1.2-8]",
    scenarios: [
      "3.1-connect/will-delay-clean-start",
      "3.1-connect/will-delay-no-expiry",
      "3.1-connect/will-takeover",
      "3.14-disconnect/failure-publishes-will",
    ],
  },
  {
    kind: "fault",
    reason:
      "Silence is looked for every 5 s: often later than after one and a half times a Keep Alive of 1 s [MQTT-3.1.2-22]",
    scenarios: ["3.1-connect/keep-alive-short"],
    varies: true,
  },
  {
    kind: "fault",
    reason: "Reserved flags and trailing bytes of PINGREQ are ignored [MQTT-2.1.3-1] [MQTT311-2.2.2-2]",
    scenarios: ["2.1-structure/reserved-flags-pingreq", "4.13-errors/trailing-bytes"],
  },
  {
    kind: "fault",
    reason: "A SUBACK from a Client is ignored, though table 2-1 forbids it",
    scenarios: ["2.1-structure/suback-from-client"],
  },
  {
    kind: "fault",
    reason: "Properties that may not be there are ignored [MQTT-3.3.2-14] [MQTT-3.3.4-6] (eclipse-mosquitto #3319)",
    scenarios: [
      "3.1-connect/authentication-data-without-method",
      "3.3-publish/payload-format-2",
      "3.3-publish/response-topic-wildcard",
      "3.3-publish/subscription-identifier-from-client",
    ],
  },
  {
    kind: "fault",
    reason:
      "Its count against Maximum Packet Size is too small, and what is too large takes quota [MQTT-3.1.2-24] [MQTT-3.1.2-25]",
    scenarios: ["3.3-publish/packet-of-exactly-the-maximum", "3.3-publish/packet-too-large-for-client"],
  },
  {
    kind: "fault",
    reason: "After a reconnection more is sent again than the new Receive Maximum allows [MQTT-3.3.4-9]",
    scenarios: ["4.4-resend/within-receive-maximum"],
  },
  {
    kind: "fault",
    reason: "Malformed $share filters and No Local on them are granted [MQTT-4.8.2-1] [MQTT-4.8.2-2] [MQTT-3.8.3-4]",
    scenarios: ["4.8-shared/no-filter", "4.8-shared/no-local", "4.8-shared/no-share-name"],
  },
  {
    kind: "fault",
    reason: "A Shared Subscription is sent Retained Messages, which §4.8.2 excludes",
    scenarios: ["4.8-shared/no-retained"],
  },
];
