// A signal handler, so not Swift: it may call only async-signal-safe functions.
#include <signal.h>

#include "CLinux.h"

static volatile sig_atomic_t ending_socket = -1;
static volatile sig_atomic_t received_signal = 0;

static void end(int signal) {
  int saved = errno;
  received_signal = signal;
  if (ending_socket >= 0) shutdown(ending_socket, SHUT_RDWR);
  errno = saved;
}

void cl_end_on_termination(int socket) {
  ending_socket = socket;
  // No SA_RESTART: a call that blocks elsewhere returns EINTR.
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  // A launcher may have passed on a mask that blocks them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_UNBLOCK, &signals, NULL);
  // A signal that came before there was a socket isn't lost.
  if (received_signal != 0 && socket >= 0) shutdown(socket, SHUT_RDWR);
}

int cl_termination_signal(void) { return received_signal; }
