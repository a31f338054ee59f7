/**
 * @file tests/unit/server/api/test_tickets.c
 * @brief A ticket is good once, and for half a minute.
 */
#include "server/api/tickets.h"
#include "tests/support/spec.h"

#include <string.h>

static const struct zdd_ticket asked_by = {.kind = ZDD_PASS_SESSION, .secret_hash = "abc"};

static void a_ticket_is_good_once(void **state)
{
    struct zdd_tickets *tickets = zdd_tickets_new();
    struct zdd_ticket ticket = {0};
    char text[ZDD_TOKEN_SIZE];

    (void)state;
    assert_non_null(tickets);
    zdd_tickets_make(tickets, &asked_by, 1000, text);
    assert_false(zdd_tickets_take(tickets, "zdd_other", 1000, &ticket));
    assert_false(zdd_tickets_take(tickets, "", 1000, &ticket));
    assert_true(zdd_tickets_take(tickets, text, 1000 + ZDD_TICKET_MS - 1, &ticket));
    assert_int_equal(ticket.kind, ZDD_PASS_SESSION);
    assert_string_equal(ticket.secret_hash, "abc");
    assert_false(zdd_tickets_take(tickets, text, 1000, &ticket));
    zdd_tickets_free(tickets);
}

static void an_old_one_is_none(void **state)
{
    struct zdd_tickets *tickets = zdd_tickets_new();
    struct zdd_ticket ticket;
    char text[ZDD_TOKEN_SIZE];

    (void)state;
    assert_non_null(tickets);
    zdd_tickets_make(tickets, &asked_by, 1000, text);
    assert_false(zdd_tickets_take(tickets, text, 1000 + ZDD_TICKET_MS, &ticket));
    zdd_tickets_free(tickets);
}

static void of_very_many_the_oldest_are_forgotten(void **state)
{
    struct zdd_tickets *tickets = zdd_tickets_new();
    struct zdd_ticket ticket;
    char first[ZDD_TOKEN_SIZE], last[ZDD_TOKEN_SIZE];

    (void)state;
    assert_non_null(tickets);
    zdd_tickets_make(tickets, &asked_by, 1000, first);
    for (int i = 0; i < 256; i++)
        zdd_tickets_make(tickets, &asked_by, 1000, last);
    assert_false(zdd_tickets_take(tickets, first, 1000, &ticket));
    assert_true(zdd_tickets_take(tickets, last, 1000, &ticket));
    zdd_tickets_free(tickets);
}

static int group_setup(void **state)
{
    (void)state;
    return zdd_crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_is_good_once),
        cmocka_unit_test(an_old_one_is_none),
        cmocka_unit_test(of_very_many_the_oldest_are_forgotten),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
