/** The completion scripts: each asks `coord __complete` at each Tab, so that none of them knows a command by itself. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]
export const isShell = (text: string): text is Shell => (shells as readonly string[]).includes(text)

/** Where a package installs each, and under which name. */
export const SCRIPT_FILES: Readonly<Record<Shell, string>> = {
  bash: 'coord.bash',
  zsh: '_coord',
  fish: 'coord.fish',
  powershell: 'coord.ps1',
}

/** bash splits words at "=" and ":" too: they are put together again, and what stands before the cut is left out. */
const BASH = `# bash completion for coord; made by "coord completion bash"
_coord() {
  local i word line value glue= how=:none words=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((\${#words[@]} > 0)) && [[ $word == [=:] || -n $glue ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    [[ $word == [=:] ]] && glue=1 || glue=
  done
  local current=\${words[\${#words[@]}-1]} last=\${COMP_WORDS[COMP_CWORD]}
  [[ $last == [=:] ]] && last=
  local before=\${current%"$last"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) how=$line ;;
      *)
        value=\${line%%$'\\t'*}
        value=\${value#"$before"}
        printf -v value %q "$value"
        COMPREPLY+=("$value")
        ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete $((\${#words[@]} - 1)) "\${words[@]}" 2>/dev/null)
  case $how in
    :files | :folders)
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do
        COMPREPLY+=("$line")
      done < <(if [[ $how == :files ]]; then compgen -f -- "$last"; else compgen -d -- "$last"; fi)
      ;;
  esac
}
complete -F _coord coord
`

const ZSH = `#compdef coord
# zsh completion for coord; made by "coord completion zsh"
_coord() {
  local line how=:none value text
  local -a rows
  while IFS= read -r line; do
    case $line in
      (:*) how=$line ;;
      (*)
        value=\${line%%$'\\t'*}
        text=\${line#*$'\\t'}
        value=\${value//:/\\\\:}
        if [[ $line == *$'\\t'* && -n $text ]]; then rows+=("$value:$text"); else rows+=("$value"); fi
        ;;
    esac
  done < <("\${words[1]}" __complete $((CURRENT - 2)) "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#rows )) && _describe -t coord coord rows
  case $how in
    (:files) _files ;;
    (:folders) _files -/ ;;
  esac
}
if [[ \${funcstack[1]} == _coord ]]; then _coord "$@"; else compdef _coord coord; fi
`

const FISH = `# fish completion for coord; made by "coord completion fish"
function __coord_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l at (count $words)
    set -l current (commandline -ct)
    for line in ($program __complete $at $words "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':folders'
                __fish_complete_directories "$current"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c coord -f -k -a '(__coord_complete)'
`

const POWERSHELL = `# PowerShell completion for coord; made by "coord completion powershell"
Register-ArgumentCompleter -Native -CommandName coord -ScriptBlock {
    param($current, $ast, $cursor)
    $words = @($ast.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object { $_.ToString() })
    $program = $words[0]
    $words = @($words | Select-Object -Skip 1)
    $at = if ($current -eq '') { $words.Count } else { $words.Count - 1 }
    & $program __complete $at @words 2>$null | ForEach-Object {
        if ($_ -eq ':files' -or $_ -eq ':folders') {
            $only = @{ Directory = ($_ -eq ':folders') }
            Get-ChildItem -Path "$current*" @only -ErrorAction SilentlyContinue | ForEach-Object {
                $path = Resolve-Path -Relative $_.FullName
                [System.Management.Automation.CompletionResult]::new($path, $_.Name, 'ProviderItem', $_.FullName)
            }
        } elseif ($_ -notlike ':*') {
            $value, $text = $_ -split "\`t", 2
            if (-not $text) { $text = $value }
            $quoted = if ($value -match '[\\s;|&(){}]') { "'" + ($value -replace "'", "''") + "'" } else { $value }
            [System.Management.Automation.CompletionResult]::new($quoted, $value, 'ParameterValue', $text)
        }
    }
}
`

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL }
export const scriptFor = (shell: Shell): string => SCRIPTS[shell]
