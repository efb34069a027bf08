/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/db.h"
#include "base/file.h"
#include "tests/onefolder.h"

static const char *const ddl[] = {
	"CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
	"CREATE TABLE c (p INTEGER REFERENCES p(id), b BLOB)",
};
static const struct db_schema one = { 0x54455354, 1, ddl };
static const struct db_schema two = { 0x54455354, 2, ddl };
static const struct db_schema other = { 0x54455355, 1, ddl };

static char path[80];

static int
fresh(void **state)
{
	int rc = folder_new(state);

	snprintf(path, sizeof(path), "%s/db", dir);
	return rc;
}

static struct db *
make(const struct db_schema *schema)
{
	struct db *db;
	struct err e;

	err_clear(&e);
	assert_int_equal(db_create(path, schema, &db, &e), ERR_OK);
	return db;
}

static void
a_new_database_is_for_the_owner_alone(void **state)
{
	struct db *db = make(&one), *again;
	struct stat st;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(db_create(path, &one, &again, &e), ERR_CREATE);
	db_close(db);
}

static void
values_come_back_as_they_went_in(void **state)
{
	struct db *db = make(&two);
	struct db_stmt *s;
	size_t n;
	bool row;
	struct err e;

	(void)state;
	err_clear(&e);
	db_prepare(db, "INSERT INTO p VALUES (?1, ?2)", &s, &e);
	db_bind_int(s, 1, INT64_MAX);
	db_bind_text(s, 2, NULL);
	assert_int_equal(db_run(s, &e), ERR_OK);
	assert_int_equal(db_changes(db), 1);
	db_prepare(db, "INSERT INTO c VALUES (?1, ?2)", &s, &e);
	db_bind_int(s, 1, INT64_MAX);
	db_bind_blob(s, 2, "\0x", 2);
	assert_int_equal(db_run(s, &e), ERR_OK);
	db_prepare(db, "SELECT p, name, b FROM p JOIN c ON p = id", &s, &e);
	assert_int_equal(db_step(s, &row, &e), ERR_OK);
	assert_true(row);
	assert_int_equal(db_int(s, 0), INT64_MAX);
	assert_string_equal(db_text(s, 1), "");
	assert_memory_equal(db_blob(s, 2, &n), "\0x", 2);
	assert_int_equal(n, 2);
	assert_int_equal(db_step(s, &row, &e), ERR_OK);
	assert_false(row);
	assert_int_equal(db_check(db, &e), ERR_OK);
	db_close(db);
}

static void
a_broken_constraint_is_bad_data(void **state)
{
	struct db *db = make(&two);
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(
	    db_exec(db, "INSERT INTO p VALUES (1, 'a')", &e), ERR_OK);
	assert_int_equal(
	    db_exec(db, "INSERT INTO p VALUES (2, 'a')", &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(
	    db_exec(db, "INSERT INTO c VALUES (9, NULL)", &e), ERR_DATA);
	db_close(db);
}

static void
a_rollback_undoes_all(void **state)
{
	struct db *db = make(&one);
	struct db_stmt *s;
	bool row;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(db_begin(db, &e), ERR_OK);
	db_exec(db, "INSERT INTO p VALUES (1, 'a')", &e);
	db_rollback(db);
	db_prepare(db, "SELECT 1 FROM p", &s, &e);
	db_step(s, &row, &e);
	assert_false(row);
	db_close(db);
}

static void
an_older_file_is_brought_up_and_a_newer_one_refused(void **state)
{
	struct db *db = make(&one);
	struct err e;

	(void)state;
	err_clear(&e);
	db_close(db);
	assert_int_equal(db_open(path, &two, &db, &e), ERR_OK);
	assert_int_equal(db_exec(db, "SELECT b FROM c", &e), ERR_OK);
	db_close(db);
	assert_int_equal(db_open(path, &one, &db, &e), ERR_DATA);
	assert_null(db);
	assert_non_null(strstr(e.msg, "newer"));
}

static void
a_foreign_file_is_refused(void **state)
{
	struct db *db = make(&one);
	struct err e;

	(void)state;
	db_close(db);
	err_clear(&e);
	assert_int_equal(db_open(path, &other, &db, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "another program"));
	err_clear(&e);
	file_write(
	    path, FILE_REPLACE, "not a database at all, but long", 31, &e);
	assert_int_equal(db_open(path, &one, &db, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(
	    db_open("/nonexistent/db", &one, &db, &e), ERR_NOINPUT);
}

static void
a_version_that_cannot_be_is_refused(void **state)
{
	struct db *db = make(&one);
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(
	    db_exec(db, "PRAGMA user_version = -100000", &e), ERR_OK);
	db_close(db);
	assert_int_equal(db_open(path, &one, &db, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "damaged"));
}

static void
tables_that_are_not_ours_are_bad_data(void **state)
{
	struct db *db = make(&one);
	struct db_stmt *s;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(db_exec(db, "DROP TABLE p", &e), ERR_OK);
	assert_int_equal(db_prepare(db, "SELECT id FROM p", &s, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "damaged: no such table"));
	db_close(db);
}

/* SQLite would read these names as something else than a file's. */
static void
a_name_is_a_file_whatever_it_is(void **state)
{
	static const char *const names[] = { ":memory:", "file:x?mode=memory" };
	struct db *db;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(chdir(dir), 0);
	for (size_t i = 0; i < 2; i++) {
		err_clear(&e);
		assert_int_equal(db_create(names[i], &one, &db, &e), ERR_OK);
		assert_int_equal(
		    db_exec(db, "INSERT INTO p VALUES (1, 'n')", &e), ERR_OK);
		db_close(db);
		assert_int_equal(stat(names[i], &st), 0);
		assert_int_equal(db_open(names[i], &one, &db, &e), ERR_OK);
		db_close(db);
	}
	assert_int_equal(chdir("/"), 0);
}

static void
the_log_of_a_lost_database_is_not_taken_over(void **state)
{
	struct db *db;
	struct err e;
	char wal[90];

	(void)state;
	err_clear(&e);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(file_write(wal, FILE_NEW, "x", 1, &e), ERR_OK);
	assert_int_equal(db_create(path, &one, &db, &e), ERR_CREATE);
	assert_non_null(strstr(e.msg, wal));
	assert_false(file_exists(path));
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fresh, folder_free)
	const struct CMUnitTest tests[] = {
		CASE(a_new_database_is_for_the_owner_alone),
		CASE(values_come_back_as_they_went_in),
		CASE(a_broken_constraint_is_bad_data),
		CASE(a_rollback_undoes_all),
		CASE(an_older_file_is_brought_up_and_a_newer_one_refused),
		CASE(a_foreign_file_is_refused),
		CASE(tables_that_are_not_ours_are_bad_data),
		CASE(a_version_that_cannot_be_is_refused),
		CASE(a_name_is_a_file_whatever_it_is),
		CASE(the_log_of_a_lost_database_is_not_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
