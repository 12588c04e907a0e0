/*
 * A PKCS#11 module in front of SoftHSM for what SoftHSM itself never does: it writes down each C_Login, and, as the file
 * "mode" beside its log says, locks the PIN, has one attempt left, crashes, hangs (also while it is loaded or ended),,
 * answers nonsense, or says nothing of CKA_EXTRACTABLE.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ulong_t;
typedef ulong_t (*call1)(void *);
typedef ulong_t (*token_info)(ulong_t, unsigned char *);
typedef ulong_t (*login)(ulong_t, ulong_t, void *, ulong_t);
typedef ulong_t (*attributes)(ulong_t, ulong_t, ulong_t *, ulong_t);
typedef ulong_t (*sign)(ulong_t, unsigned char *, ulong_t, unsigned char *, ulong_t *);

enum { FINALIZE = 2, GET_TOKEN_INFO = 7, LOGIN = 19, GET_ATTRIBUTE_VALUE = 25, SIGN = 44, WORDS = 69 };

static void **theirs;
static void *ours[WORDS];

static const char *at(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("LIENTHONG_TEST_SPY"), name);
  return path;
}

static void note(const char *word) {
  FILE *file = fopen(at("log"), "a");
  fprintf(file, "%s\n", word);
  fclose(file);
}

static int is(const char *mode) {
  char word[32] = "";
  FILE *file = fopen(at("mode"), "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%31s", word) != 1) word[0] = 0;
  fclose(file);
  return strcmp(word, mode) == 0;
}

static void hang(const char *word) {
  note(word);
  for (;;) pause();
}

__attribute__((constructor)) static void spy_load(void) {
  if (is("hang-load")) hang("load");
}

static ulong_t spy_finalize(void *reserved) {
  if (is("hang-finalize")) hang("finalize");
  return ((call1)theirs[FINALIZE])(reserved);
}

static ulong_t spy_token_info(ulong_t slot, unsigned char *info) {
  ulong_t result = ((token_info)theirs[GET_TOKEN_INFO])(slot, info);
  ulong_t flags;
  memcpy(&flags, info + 96, sizeof flags);
  if (is("final")) flags |= 0x20000;
  if (is("flagged")) flags |= 0x40000;
  memcpy(info + 96, &flags, sizeof flags);
  return result;
}

static ulong_t spy_login(ulong_t session, ulong_t user, void *pin, ulong_t length) {
  note("login");
  if (is("locked")) return 0xa4;
  return ((login)theirs[LOGIN])(session, user, pin, length);
}

static ulong_t spy_attributes(ulong_t session, ulong_t object, ulong_t *template, ulong_t count) {
  if (template[0] == 0x162 && is("silent")) return 0x12;
  return ((attributes)theirs[GET_ATTRIBUTE_VALUE])(session, object, template, count);
}

static ulong_t spy_sign(ulong_t s, unsigned char *data, ulong_t n, unsigned char *out, ulong_t *length) {
  note("sign");
  if (is("crash")) abort();
  if (is("hang")) for (;;) pause();
  ulong_t result = ((sign)theirs[SIGN])(s, data, n, out, length);
  if (is("nonsense")) out[7] ^= 1;
  return result;
}

ulong_t C_GetFunctionList(void **list) {
  void *module = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);
  call1 get = (call1)dlsym(module, "C_GetFunctionList");
  ulong_t result = get(&theirs);
  memcpy(ours, theirs, sizeof ours);
  ours[FINALIZE] = (void *)spy_finalize;
  ours[GET_TOKEN_INFO] = (void *)spy_token_info;
  ours[LOGIN] = (void *)spy_login;
  ours[GET_ATTRIBUTE_VALUE] = (void *)spy_attributes;
  ours[SIGN] = (void *)spy_sign;
  *list = ours;
  return result;
}
