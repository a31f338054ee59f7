# Prints the file with one edit: the text FROM becomes TO. FROM must stand there exactly once; a blank in it
# stands for any white space, so that the formatter may move lines. With IN it is looked for only in the
# function of that name. Exit 3: not there; 4: there more than once; 5: no such function, or two.
#
#   FROM=… TO=… [IN=…] awk -f apply.awk FILE

function pattern_of(text,    i, c, out)
{
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == " ")
            out = out "[ \t\n]+"
        else if (index("\\.*^$+?(){}[]|/\"", c) > 0)
            out = out "\\" c
        else
            out = out c
    }
    return out
}

{ text = text $0 "\n" }

END {
    from = pattern_of(ENVIRON["FROM"])
    first = 1
    size = length(text)
    if (ENVIRON["IN"] != "") {
        # A function begins in the first column and ends with a brace there.
        head = "\n[a-z][^\n;]*[ *]" ENVIRON["IN"] "\\([^;{]*\\)\n{"
        if (!match(text, head))
            exit 5
        first = RSTART + 1
        rest = substr(text, first)
        size = match(rest, "\n}\n") + 1
        if (match(substr(rest, size), head))
            exit 5
    }
    part = substr(text, first, size)
    if (!match(part, from))
        exit 3
    at = RSTART
    found = RLENGTH
    if (match(substr(part, at + 1), from))
        exit 4
    ORS = ""
    print substr(text, 1, first + at - 2) ENVIRON["TO"] substr(text, first + at - 1 + found)
}
