/*
 * What makes a shell ask `petstore-mqtt completion reply`: with the words behind the program's name, the one that is being
 * typed last. The answer is one candidate a line, or `:file` or `:directory`.
 */

const bash = `_petstore_mqtt() {
  local reply
  COMPREPLY=()
  while IFS= read -r reply; do
    case $reply in
      :file) compopt -o filenames; reply=-f ;;
      :directory) compopt -o filenames; reply=-d ;;
      *) COMPREPLY+=("$reply"); continue ;;
    esac
    while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen "$reply" -- "$2")
  done < <("$1" completion reply -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _petstore_mqtt petstore-mqtt
`;

const zsh = `#compdef petstore-mqtt
_petstore_mqtt() {
  local -a replies
  replies=("\${(@f)$("\${words[1]}" completion reply -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $replies[1] in
    :file) _files ;;
    :directory) _files -/ ;;
    *) compadd -- $replies ;;
  esac
}
compdef _petstore_mqtt petstore-mqtt
`;

const fish = `function __petstore_mqtt_reply
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l replies ($before[1] completion reply -- $before[2..-1] "$current" 2>/dev/null)
  switch "$replies[1]"
    case ":file"
      __fish_complete_path "$current"
    case ":directory"
      __fish_complete_directories "$current"
    case "*"
      string join -- \\n $replies
  end
end
complete -c petstore-mqtt -f -a "(__petstore_mqtt_reply)"
`;

export const completionScripts: ReadonlyMap<string, string> = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
]);
