_clearance() {
    local IFS=$'\013'
    COMPREPLY=( $( set -f; _CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX="$COMP_CWORD" COMPLETE=bash \
        clearance -- "${COMP_WORDS[@]}" 2> /dev/null ) )
    if [[ "${COMPREPLY-}" =~ [=/:]$ ]]; then
        compopt -o nospace 2> /dev/null
    fi
}
complete -F _clearance clearance
