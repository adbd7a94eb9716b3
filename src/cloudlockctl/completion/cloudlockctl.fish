# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for cloudlockctl(1)

function __cloudlockctl_instances
    cloudlockctl list --no-legend 2>/dev/null | string replace -r '\s.*' ''
end

# The instance that was typed, if one was: behind the program and the verb.
function __cloudlockctl_instance
    string match -v -- '-*' (commandline -opc) | sed -n 3p
end

# Who held the lock of this instance, by the my_id: whom it may be handed over to.
function __cloudlockctl_hosts
    cloudlockctl history --json=short (__cloudlockctl_instance) 2>/dev/null | string match -ar '"holder":"[^"#]*' | string replace '"holder":"' '' | sort -u
end

function __cloudlockctl_holder
    cloudlockctl status --json=short (__cloudlockctl_instance) 2>/dev/null | string match -ar '"holder":"[^"]*' | string replace '"holder":"' ''
end

set -l look status watch history
set -l operate release handover renew pause resume keep unkeep force-unlock
set -l all list metrics $look $operate run init bind unbind check

complete -c cloudlockctl -f
set -l none "not __fish_seen_subcommand_from $all"
complete -c cloudlockctl -n $none -a status -d 'Show the locks of this host'
complete -c cloudlockctl -n $none -a watch -d 'Show them live'
complete -c cloudlockctl -n $none -a list -d 'List the instances here, or all locks in a table'
complete -c cloudlockctl -n $none -a history -d 'Show who held them when'
complete -c cloudlockctl -n $none -a metrics -d 'Print metrics in OpenMetrics format'
complete -c cloudlockctl -n $none -a release -d 'Stop the target, release the lock, stand down'
complete -c cloudlockctl -n $none -a handover -d 'Release it for another host'
complete -c cloudlockctl -n $none -a pause -d 'Stay standby until resume'
complete -c cloudlockctl -n $none -a resume -d 'End a pause or a stand-down'
complete -c cloudlockctl -n $none -a keep -d 'Keep the lock while the target is maintained'
complete -c cloudlockctl -n $none -a unkeep -d 'End that'
complete -c cloudlockctl -n $none -a renew -d 'Renew the lock now'
complete -c cloudlockctl -n $none -a force-unlock -d 'Delete the record of a holder that is gone'
complete -c cloudlockctl -n $none -a run -d 'Run a command while this host holds the lock'
complete -c cloudlockctl -n $none -a init -d 'Create the table'
complete -c cloudlockctl -n $none -a bind -d 'Let the target units run under the lock only'
complete -c cloudlockctl -n $none -a unbind -d 'Let them run without it again'
complete -c cloudlockctl -n $none -a check -d 'Look for whatever could keep the lock from working'
complete -c cloudlockctl -n "__fish_seen_subcommand_from $all" -a '(__cloudlockctl_instances)'

complete -c cloudlockctl -n "__fish_seen_subcommand_from $look list check" -l json -d 'Print JSON' -a 'short pretty off'
complete -c cloudlockctl -n '__fish_seen_subcommand_from list' -l table -d 'All locks in the table'
complete -c cloudlockctl -n '__fish_seen_subcommand_from release' -x -l for -d 'How long to stand down' -a '10min 1h 1d infinity'
complete -c cloudlockctl -n '__fish_seen_subcommand_from handover' -x -l to -d 'Who may take it' -a '(__cloudlockctl_hosts)'
complete -c cloudlockctl -n '__fish_seen_subcommand_from force-unlock' -x -l holder -d 'As it was shown' -a '(__cloudlockctl_holder)'
complete -c cloudlockctl -n "__fish_seen_subcommand_from $operate" -l no-block -d 'Do not wait until it is done'
complete -c cloudlockctl -n '__fish_seen_subcommand_from run' -x -l uid -d 'As this user'
complete -c cloudlockctl -n '__fish_seen_subcommand_from run' -x -l gid -d 'As this group'
complete -c cloudlockctl -n '__fish_seen_subcommand_from run' -r -l working-directory -d 'In this directory'
complete -c cloudlockctl -n '__fish_seen_subcommand_from run' -x -s E -l setenv -d 'With this variable'
complete -c cloudlockctl -n '__fish_seen_subcommand_from check' -l policy -d 'Print the least IAM policy'
complete -c cloudlockctl -n '__fish_seen_subcommand_from bind unbind init' -l dry-run -d 'Only say what would be done'
complete -c cloudlockctl -l no-legend -d 'Print no headings and sums'
complete -c cloudlockctl -l no-pager -d 'There never is a pager'
complete -c cloudlockctl -s l -l full -d 'Do not shorten lines'
complete -c cloudlockctl -s h -l help -d 'Show a short help'
complete -c cloudlockctl -l version -d 'Show the version'
