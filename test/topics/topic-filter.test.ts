import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { parseTopicFilter } from "../../src/topics/topic-filter.ts";
import { topicFilters } from "./arbitraries.ts";

function refuses(topicFilter: string, reasonCode: number, statement: string): void {
  throws(
    () => parseTopicFilter(topicFilter),
    (error) => {
      ok(error instanceof ProtocolError);
      deepEqual([error.reasonCode, error.statement], [reasonCode, statement], topicFilter);
      return true;
    },
  );
}

test("a filter without wildcards stays as it is", () => {
  for (const topicFilter of ["/", "/finance", "sport/tennis/player1", "$SYS/uptime", "a//b/", "Accounts payable"]) {
    deepEqual(parseTopicFilter(topicFilter), { shareName: undefined, topicFilter, hasWildcard: false });
  }
});

test("wildcards may stand where §4.7.1 puts them", () => {
  for (const topicFilter of ["#", "+", "sport/tennis/#", "+/tennis/#", "sport/+/player1", "/+", "+/+", "/#", "+/+/#"]) {
    deepEqual(parseTopicFilter(topicFilter), { shareName: undefined, topicFilter, hasWildcard: true });
  }
});

test("# stands alone in the last level, or the packet is malformed [MQTT-4.7.1-1] [MQTT311-4.7.1-2]", () => {
  for (const topicFilter of ["sport/tennis#", "sport/tennis/#/ranking", "#/", "##", "#a", "a#", "#+", "/#/"]) {
    refuses(topicFilter, 0x81, "MQTT-4.7.1-1");
  }
});

test("+ fills a whole level, or the packet is malformed [MQTT-4.7.1-2] [MQTT311-4.7.1-3]", () => {
  for (const topicFilter of ["sport+", "+sport", "a/b+/c", "a/+b", "++", "a/++", "+#", "a/b+/#"]) {
    refuses(topicFilter, 0x81, "MQTT-4.7.1-2");
  }
});

test("a Topic Filter has at least one character [MQTT-4.7.3-1] [MQTT311-4.7.3-1]", () => {
  refuses("", 0x81, "MQTT-4.7.3-1");
});

test("a Shared Subscription is taken apart into ShareName and filter (§4.8.2)", () => {
  const cases = [
    ["$share/consumer1/sport/tennis/+", "consumer1", "sport/tennis/+", true],
    ["$share/consumer2/sport/tennis/+", "consumer2", "sport/tennis/+", true],
    ["$share/consumer1/sport/#", "consumer1", "sport/#", true],
    ["$share/consumer1/finance/#", "consumer1", "finance/#", true],
    ["$share/consumer1//finance", "consumer1", "/finance", false],
    ["$share/g/$SYS/uptime", "g", "$SYS/uptime", false],
    ["$share/$share/$share/x/y", "$share", "$share/x/y", false],
    ["$share/__proto__//", "__proto__", "/", false],
  ] as const;
  for (const [text, shareName, topicFilter, hasWildcard] of cases) {
    deepEqual(parseTopicFilter(text), { shareName, topicFilter, hasWildcard });
  }
});

test("a ShareName has at least one character [MQTT-4.8.2-1]", () => {
  for (const topicFilter of ["$share/", "$share//", "$share//finance"]) refuses(topicFilter, 0x82, "MQTT-4.8.2-1");
});

test("a ShareName has no wildcards and is followed by a filter [MQTT-4.8.2-2]", () => {
  for (const topicFilter of ["$share/a+/x", "$share/#/x", "$share/+/x", "$share/#", "$share/a", "$share/a/"]) {
    refuses(topicFilter, 0x82, "MQTT-4.8.2-2");
  }
});

test("the filter of a Shared Subscription keeps to the rules of wildcards", () => {
  refuses("$share/a/x#", 0x81, "MQTT-4.7.1-1");
  refuses("$share/a/x+", 0x81, "MQTT-4.7.1-2");
});

test("what only looks like a Shared Subscription is an ordinary filter", () => {
  for (const topicFilter of ["$share", "$sharex/a/b", "$SHARE/a/b", "a/$share/b", "/$share/a/b"]) {
    equal(parseTopicFilter(topicFilter).shareName, undefined);
    equal(parseTopicFilter(topicFilter).topicFilter, topicFilter);
  }
});

test("a filter is well-formed exactly when each of its levels is", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "/", "+", "#"), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(text, (topicFilter) => {
      const levels = topicFilter.split("/");
      const isGood = levels.every(
        (level, index) => /^[^+#]*$/.test(level) || level === "+" || (level === "#" && index === levels.length - 1),
      );
      if (isGood) equal(parseTopicFilter(topicFilter).hasWildcard, /[+#]/.test(topicFilter));
      else throws(() => parseTopicFilter(topicFilter), ProtocolError);
    }),
    { numRuns: 1000 },
  );
});

test("every filter that the tries are tested with is well-formed", () => {
  fc.assert(fc.property(topicFilters, (filter) => void parseTopicFilter(filter.replace("$share", "share"))));
});
