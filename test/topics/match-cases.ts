/** What §4.7 and §4.8.2 say of filters and names, and the corners beside their examples. */
export interface MatchCase {
  readonly topicFilter: string;
  readonly matching: readonly string[];
  readonly others: readonly string[];
}

export const matchCases: readonly MatchCase[] = [
  // §4.7.1.2, the multi-level wildcard
  {
    topicFilter: "sport/tennis/player1/#",
    matching: ["sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"],
    others: ["sport/tennis", "sport/tennis/player2", "sport/tennis/player10", "/sport/tennis/player1"],
  },
  { topicFilter: "sport/#", matching: ["sport", "sport/", "sport/tennis"], others: ["sports", "/sport", "Sport/x"] },
  { topicFilter: "#", matching: ["sport", "/", "/finance", "a/b/c/d"], others: ["$SYS", "$SYS/uptime", "$"] },
  // §4.7.1.3, the single-level wildcard
  {
    topicFilter: "sport/tennis/+",
    matching: ["sport/tennis/player1", "sport/tennis/player2", "sport/tennis/"],
    others: ["sport/tennis/player1/ranking", "sport/tennis"],
  },
  { topicFilter: "sport/+", matching: ["sport/", "sport/tennis"], others: ["sport", "sport/tennis/player1"] },
  { topicFilter: "+", matching: ["finance", " "], others: ["/finance", "/", "finance/", "$SYS"] },
  { topicFilter: "+/+", matching: ["/finance", "/", "a/b"], others: ["finance", "a/b/c", "$SYS/uptime"] },
  { topicFilter: "/+", matching: ["/finance", "/"], others: ["finance", "//finance", "//"] },
  {
    topicFilter: "+/tennis/#",
    matching: ["sport/tennis", "sport/tennis/player1/ranking", "/tennis"],
    others: ["tennis", "sport/golf/tennis", "$SYS/tennis"],
  },
  { topicFilter: "sport/+/player1", matching: ["sport/tennis/player1", "sport//player1"], others: ["sport/player1"] },
  { topicFilter: "+/+/+/#", matching: ["a/b/c", "a/b/c/d/e", "//"], others: ["a/b", "/", "$a/b/c"] },
  // §4.7.2, Topic Names that begin with $
  { topicFilter: "+/monitor/Clients", matching: ["x/monitor/Clients"], others: ["$SYS/monitor/Clients"] },
  { topicFilter: "$SYS/#", matching: ["$SYS", "$SYS/", "$SYS/monitor/Clients"], others: ["SYS", "$SYSTEM", "x/$SYS"] },
  { topicFilter: "$SYS/monitor/+", matching: ["$SYS/monitor/Clients"], others: ["$SYS/monitor", "$SYS/+x/Clients"] },
  { topicFilter: "a/+/c", matching: ["a/$SYS/c"], others: [] },
  { topicFilter: "a/#", matching: ["a/$SYS"], others: [] },
  // §4.7.3, semantics: case, spaces, slashes and no normalisation
  { topicFilter: "ACCOUNTS", matching: ["ACCOUNTS"], others: ["Accounts", "accounts", "ACCOUNTS/"] },
  {
    topicFilter: "Accounts payable",
    matching: ["Accounts payable"],
    others: ["Accounts  payable", "Accounts%20payable"],
  },
  { topicFilter: "/", matching: ["/"], others: ["//", "a/b"] },
  { topicFilter: "a//b", matching: ["a//b"], others: ["a/b", "a///b"] },
  { topicFilter: "a/../b", matching: ["a/../b"], others: ["b", "a/b"] },
  // one letter or two: U+00FC, and u with U+0308
  { topicFilter: "\u00fc", matching: ["\u00fc"], others: ["u\u0308"] },
  { topicFilter: "\ufeffa", matching: ["\ufeffa"], others: ["a"] },
  { topicFilter: "__proto__/+", matching: ["__proto__/toString"], others: ["__proto__", "constructor/toString"] },
];
