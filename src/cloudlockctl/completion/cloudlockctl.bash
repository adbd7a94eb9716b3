# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for cloudlockctl(1)

__cloudlockctl_instances() {
    cloudlockctl list --no-legend 2>/dev/null | while read -r instance _; do echo "$instance"; done
}

# Who held the lock of this instance, by the my_id: whom it may be handed over to.
__cloudlockctl_hosts() {
    cloudlockctl history --json=short ${1:+"$1"} 2>/dev/null | grep -o '"holder":"[^"#]*' | cut -d '"' -f 4 | sort -u
}

__cloudlockctl_holder() {
    cloudlockctl status --json=short ${1:+"$1"} 2>/dev/null | grep -o '"holder":"[^"]*' | cut -d '"' -f 4
}

_cloudlockctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' instance='' options i
    local common='--no-legend --no-pager --full --help --version'
    local operate='release handover renew pause resume keep unkeep'

    # bash breaks --to=HOST at its "=".
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --to|--for|--holder|--uid|--gid|--working-directory|--setenv|-E) [[ ${COMP_WORDS[i+1]} == '=' ]] && ((i++)); ((i++)) ;;
            --json) [[ ${COMP_WORDS[i+1]} == '=' ]] && ((i += 2)) ;;
            -*|=) ;;
            *)
                if [[ -z $verb ]]; then
                    verb=${COMP_WORDS[i]}
                elif [[ -z $instance ]]; then
                    instance=${COMP_WORDS[i]}
                fi
                ;;
        esac
    done

    case $prev in
        --to) mapfile -t COMPREPLY < <(compgen -W "$(__cloudlockctl_hosts "$instance")" -- "$cur"); return ;;
        --holder) mapfile -t COMPREPLY < <(compgen -W "$(__cloudlockctl_holder "$instance")" -- "$cur"); return ;;
        --for) mapfile -t COMPREPLY < <(compgen -W '10min 1h 1d infinity' -- "$cur"); return ;;
        --json)
            if [[ ${COMP_WORDS[COMP_CWORD]} == '=' || ${COMP_WORDS[COMP_CWORD-1]} == '=' ]]; then
                mapfile -t COMPREPLY < <(compgen -W 'short pretty off' -- "$cur")
                return
            fi
            ;;
    esac

    if [[ $cur == -* ]]; then
        case $verb in
            status|watch|history|'') options='--json' ;;
            list) options='--json --table' ;;
            release) options='--for= --no-block' ;;
            handover) options='--to= --no-block' ;;
            renew|pause|resume|keep|unkeep) options='--no-block' ;;
            force-unlock) options='--holder= --no-block' ;;
            run) options='--uid= --gid= --working-directory= --setenv=' ;;
            bind|unbind|init) options='--dry-run' ;;
            check) options='--json --policy' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options $common" -- "$cur")
        [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi

    case $verb in
        '')
            mapfile -t COMPREPLY < <(compgen -W "status watch list history metrics $operate force-unlock run init bind unbind check" \
                -- "$cur")
            ;;
        status|watch|history)
            mapfile -t COMPREPLY < <(compgen -W "$(__cloudlockctl_instances)" -- "$cur")
            ;;
        *)
            [[ -z $instance ]] && mapfile -t COMPREPLY < <(compgen -W "$(__cloudlockctl_instances)" -- "$cur")
            ;;
    esac
    declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
    return 0
}

complete -F _cloudlockctl cloudlockctl
