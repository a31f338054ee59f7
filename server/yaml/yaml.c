/**
 * @file server/yaml/yaml.c
 * @brief From libyaml's events to a JSON tree whose values remember where they stood.
 */
#include "server/yaml/yaml.h"

#include "server/json/words.h"
#include "server/yaml/document.h"
#include "server/yaml/scalar.h"
#include "strategies/model/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* A mapping or list that is open. */
struct level {
    json_t *container; /* borrowed from the tree */
    size_t entry;
    bool named; /* the name of the next member has been read */
    char name[ZDD_YAML_NAME_MAX + 1];
    struct zdd_yaml_place name_place;
};

struct reading {
    yaml_parser_t parser;
    struct zdd_yaml *yaml;
    struct zdd_json_error *error;
    struct level level[ZDD_YAML_DEPTH_MAX];
    size_t depth;
    bool ended; /* the document has */
};

static struct zdd_yaml_place place_of(yaml_mark_t mark)
{
    return (struct zdd_yaml_place){(int)mark.line + 1, (int)mark.column + 1};
}

__attribute__((format(printf, 3, 4))) static enum zdd_err
fail_at(struct reading *r, struct zdd_yaml_place place, const char *format, ...)
{
    va_list args;

    r->error->line = place.line;
    r->error->column = place.column;
    va_start(args, format);
    vsnprintf(r->error->text, sizeof(r->error->text), format, args);
    va_end(args);
    zdd_words_trim(r->error->text);
    zdd_words_plain(r->error->text); /* parts of the input are quoted */
    return ZDD_ERR_BODY_MALFORMED;
}

static struct level *innermost(struct reading *r)
{
    return r->depth > 0 ? &r->level[r->depth - 1] : NULL;
}

static bool wants_name(struct reading *r)
{
    const struct level *level = innermost(r);

    return level && json_is_object(level->container) && !level->named;
}

/* Put @p value, whose reference is taken over, where it belongs. */
static bool hang(struct reading *r, json_t *value, struct zdd_yaml_entry *entry)
{
    struct level *level = innermost(r);

    if (!level) {
        r->yaml->tree = value;
        return true;
    }
    entry->parent = level->entry;
    if (json_is_array(level->container)) {
        entry->index = json_array_size(level->container);
        return json_array_append_new(level->container, value) == 0;
    }
    if (json_object_set_new(level->container, level->name, value) != 0)
        return false;
    entry->name = json_object_iter_key(json_object_iter_at(level->container, level->name));
    level->named = false;
    return true;
}

/* @p value NULL: there was no memory for it. */
static enum zdd_err add(struct reading *r, json_t *value, yaml_mark_t mark)
{
    const struct level *level = innermost(r);
    const bool by_name = level && level->named && (json_is_object(value) || json_is_array(value));
    struct zdd_yaml_entry entry = {.parent = ZDD_YAML_TOP, .place = place_of(mark)};

    if (!value)
        return ZDD_ERR_NO_MEMORY;
    if (by_name)
        entry.place = level->name_place;
    if (r->yaml->count == ZDD_YAML_VALUE_MAX) {
        json_decref(value);
        (void)fail_at(r, entry.place, "the document holds more than %zu values; none needs so many",
                      ZDD_YAML_VALUE_MAX);
        return ZDD_ERR_BODY_TOO_BIG;
    }
    if (!zdd_yaml_has_room(r->yaml)) {
        json_decref(value);
        return ZDD_ERR_NO_MEMORY;
    }
    if (!hang(r, value, &entry))
        return ZDD_ERR_NO_MEMORY;
    r->yaml->entry[r->yaml->count++] = entry;
    return ZDD_ERR_NONE;
}

static enum zdd_err take_name(struct reading *r, const yaml_event_t *event)
{
    struct level *level = innermost(r);
    const struct zdd_yaml_place place = place_of(event->start_mark);
    const char *name = (const char *)event->data.scalar.value;
    const bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (event->data.scalar.length == 0)
        return fail_at(r, place, "a name is missing before the colon");
    if (event->data.scalar.length > ZDD_YAML_NAME_MAX)
        return fail_at(r, place, "a name has more than %d bytes", ZDD_YAML_NAME_MAX);
    if (plain && strcmp(name, "<<") == 0)
        return fail_at(r, place, "merging by << is not read; write the members out");
    if (json_object_get(level->container, name))
        return fail_at(r, place, "\"%.60s\" stands twice; the first is in line %d", name,
                       zdd_yaml_member_line(r->yaml, level->entry, name));
    memcpy(level->name, name, event->data.scalar.length + 1);
    level->name_place = place;
    level->named = true;
    return ZDD_ERR_NONE;
}

static enum zdd_err take_scalar(struct reading *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t size = event->data.scalar.length;
    const char *why = NULL;
    json_t *value = NULL;
    enum zdd_err err = ZDD_ERR_NONE;

    if (memchr(text, '\0', size))
        return fail_at(r, place_of(event->start_mark),
                       "the character U+0000 is not allowed in a text");
    if (wants_name(r))
        return take_name(r, event);
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return add(r, json_stringn(text, size), event->start_mark);
    err = zdd_yaml_scalar(text, &value, &why);
    if (err == ZDD_ERR_BODY_MALFORMED)
        return fail_at(r, place_of(event->start_mark), "what stands here %s",
                       why); /* it may be secret */
    return err == ZDD_ERR_NONE ? add(r, value, event->start_mark) : err;
}

static enum zdd_err open_container(struct reading *r, json_t *container, yaml_mark_t mark)
{
    enum zdd_err err;

    if (container && wants_name(r)) {
        json_decref(container);
        return fail_at(r, place_of(mark), "a name must be a text, not a mapping or a list");
    }
    if (container && r->depth == ZDD_YAML_DEPTH_MAX) {
        json_decref(container);
        return fail_at(r, place_of(mark), "more than %d mappings and lists inside each other",
                       ZDD_YAML_DEPTH_MAX);
    }
    err = add(r, container, mark);
    if (err == ZDD_ERR_NONE)
        r->level[r->depth++] = (struct level){.container = container, .entry = r->yaml->count - 1};
    return err;
}

/* What one event of the value may carry, and nothing here reads. */
static enum zdd_err refuse_extras(struct reading *r, const yaml_event_t *event,
                                  const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return fail_at(r, place_of(event->start_mark),
                       "anchors are not read; write the value out wherever it is needed");
    if (tag)
        return fail_at(r, place_of(event->start_mark),
                       "tags are not read; leave it away, and put a text in quotes");
    return ZDD_ERR_NONE;
}

static enum zdd_err begin_document(struct reading *r, const yaml_event_t *event)
{
    const struct zdd_yaml_place place = place_of(event->start_mark);

    if (r->ended)
        return fail_at(r, place, "a second document begins; only one is read");
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end)
        return fail_at(r, place, "directives (%%) are not read; leave them away");
    return ZDD_ERR_NONE;
}

static enum zdd_err take(struct reading *r, const yaml_event_t *event)
{
    enum zdd_err err;

    switch ((int)event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(r, event);
    case YAML_DOCUMENT_END_EVENT:
        r->ended = true;
        return ZDD_ERR_NONE;
    case YAML_ALIAS_EVENT:
        return fail_at(r, place_of(event->start_mark), "aliases are not read; write the value out");
    case YAML_SCALAR_EVENT:
        err = refuse_extras(r, event, event->data.scalar.anchor, event->data.scalar.tag);
        return err == ZDD_ERR_NONE ? take_scalar(r, event) : err;
    case YAML_MAPPING_START_EVENT:
        err = refuse_extras(r, event, event->data.mapping_start.anchor,
                            event->data.mapping_start.tag);
        return err == ZDD_ERR_NONE ? open_container(r, json_object(), event->start_mark) : err;
    case YAML_SEQUENCE_START_EVENT:
        err = refuse_extras(r, event, event->data.sequence_start.anchor,
                            event->data.sequence_start.tag);
        return err == ZDD_ERR_NONE ? open_container(r, json_array(), event->start_mark) : err;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        r->depth--;
        return ZDD_ERR_NONE;
    default:
        return ZDD_ERR_NONE;
    }
}

/* The line and column of byte @p offset. */
static struct zdd_yaml_place place_of_byte(const char *text, size_t size, size_t offset)
{
    struct zdd_yaml_place place = {1, 1};

    for (size_t i = 0; i < offset && i < size; i++) {
        if (text[i] == '\n')
            place = (struct zdd_yaml_place){place.line + 1, 1};
        else if (((unsigned char)text[i] & 0xC0) != 0x80) /* characters, not bytes */
            place.column++;
    }
    return place;
}

static enum zdd_err tell_parser(struct reading *r, const char *text, size_t size)
{
    const yaml_parser_t *p = &r->parser;

    switch ((int)p->error) {
    case YAML_MEMORY_ERROR:
        return ZDD_ERR_NO_MEMORY;
    case YAML_READER_ERROR: /* knows bytes only */
        return fail_at(r, place_of_byte(text, size, p->problem_offset),
                       "no text that YAML allows: %s", p->problem);
    default:
        if (p->context && p->context_mark.line != p->problem_mark.line)
            return fail_at(r, place_of(p->problem_mark), "%s, %s that began in line %zu",
                           p->problem, p->context, p->context_mark.line + 1);
        return fail_at(r, place_of(p->problem_mark), "%s", p->problem);
    }
}

static enum zdd_err read_events(struct reading *r, const char *text, size_t size)
{
    enum zdd_err err = ZDD_ERR_NONE;
    bool last = false;

    /* Every event but two takes at least one byte of the text, so this ends. */
    while (err == ZDD_ERR_NONE && !last) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event))
            return tell_parser(r, text, size);
        last = event.type == YAML_STREAM_END_EVENT;
        err = take(r, &event);
        yaml_event_delete(&event);
    }
    if (err == ZDD_ERR_NONE && !r->yaml->tree)
        return fail_at(r, (struct zdd_yaml_place){1, 1},
                       "a YAML document is expected, but the text has none");
    return err;
}

static enum zdd_err read_text(struct reading *r, const char *text, size_t size)
{
    enum zdd_err err;

    if (size > ZDD_YAML_SIZE_MAX) {
        (void)fail_at(r, (struct zdd_yaml_place){1, 1},
                      "the document has %zu bytes; at most %zu are read", size, ZDD_YAML_SIZE_MAX);
        return ZDD_ERR_BODY_TOO_BIG;
    }
    if (!yaml_parser_initialize(&r->parser))
        return ZDD_ERR_NO_MEMORY;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING); /* never UTF-16, whatever mark */
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, size);
    err = read_events(r, text, size);
    yaml_parser_delete(&r->parser);
    return err;
}

enum zdd_err zdd_yaml_read(const char *text, size_t size, struct zdd_yaml **ret_yaml,
                           struct zdd_json_error *ret_error)
{
    struct reading *r = calloc(1, sizeof(*r)); /* 5 KiB of names */
    enum zdd_err err = ZDD_ERR_NO_MEMORY;

    if (!r)
        return ZDD_ERR_NO_MEMORY;
    r->error = ret_error;
    r->yaml = calloc(1, sizeof(*r->yaml));
    if (r->yaml)
        err = read_text(r, text, size);
    if (err == ZDD_ERR_NONE)
        *ret_yaml = r->yaml;
    else
        zdd_yaml_free(r->yaml);
    free(r);
    return err;
}
