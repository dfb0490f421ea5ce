// A ClickHouse server out of the npm package of chDB, for tests: libchdb.so carries clickhouse-local,
// which from 26 on knows SYSTEM START LISTEN.
//
//     clickhouse-node LIBCHDB.so arguments of clickhouse-local...
#include <dlfcn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <signal.h>

int main(int argc, char **argv) {
  if (argc < 2) return 64;
  // A node does not outlive the test that started it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 70;
  }
  void *(*run)(int, char **) = dlsym(library, "chdb_query_cmdline");
  const char *(*error_of)(void *) = dlsym(library, "chdb_result_error");
  if (!run || !error_of) {
    fprintf(stderr, "%s\n", dlerror());
    return 70;
  }
  argv[1] = "clickhouse";
  void *result = run(argc - 1, argv + 1);
  const char *error = result ? error_of(result) : "no result";
  if (!error) return 0;
  fprintf(stderr, "%s\n", error);
  return 1;
}
