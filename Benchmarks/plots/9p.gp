# Our 9P server and diod: operations by requests in flight, bytes by the size of a message.
load "Benchmarks/plots/style.gp"
file = "docs/performance/9p.csv"
set terminal svg size 860,720 font "sans-serif,11" background rgb "white"
set output "docs/performance/9p.svg"

set multiplot layout 2,2 title "The 9P server and diod, one connection: more is better (median and quartiles)\n "
set yrange [0:*]
set grid ytics
set key tmargin center horizontal maxcols 2 samplen 1 font ",10"
points(setting, series, name) = lines(file, setting, series, name)
thousands(n) = column(n) / 1000

set logscale x 2
do for [transport in "unix tcp"] {
  set xlabel "requests in flight, ".(transport eq "unix" ? "Unix socket" : "TCP on loopback")
  set ylabel "thousands of operations per second"
  plot for [name in "walk+getattr+clunk create+remove"] points(transport, "ours", name) \
      using 4:(thousands(median)):(thousands(quartile1)):(thousands(quartile3)) \
      with yerrorlines lc rgb (name eq "create+remove" ? sky : blue) pt 7 ps 0.5 title name.", ours", \
    for [name in "walk+getattr+clunk create+remove"] points(transport, "ours-split", name) \
      using 4:(thousands(median)):(thousands(quartile1)):(thousands(quartile3)) \
      with yerrorlines lc rgb (name eq "create+remove" ? sky : blue) dt 3 pt 9 ps 0.5 title name.", ours, split", \
    for [name in "walk+getattr+clunk create+remove"] points(transport, "diod", name) \
      using 4:(thousands(median)):(thousands(quartile1)):(thousands(quartile3)) \
      with yerrorlines lc rgb (name eq "create+remove" ? grey : "#444444") pt 6 ps 0.5 title name.", diod"
}

do for [transport in "unix tcp"] {
  set xlabel "KiB of data, ".(transport eq "unix" ? "Unix socket" : "TCP on loopback").", 8 in flight"
  set ylabel "GB per second"
  plot for [name in "read write"] points(transport."-8", "ours", name) \
      using ($4 / 1024):(thousands(median)):(thousands(quartile1)):(thousands(quartile3)) \
      with yerrorlines lc rgb (name eq "write" ? sky : blue) pt 7 ps 0.5 title name.", ours", \
    for [name in "read write"] points(transport."-8", "ours-split", name) \
      using ($4 / 1024):(thousands(median)):(thousands(quartile1)):(thousands(quartile3)) \
      with yerrorlines lc rgb (name eq "write" ? sky : blue) dt 3 pt 9 ps 0.5 title name.", ours, split", \
    for [name in "read write"] points(transport."-8", "diod", name) \
      using ($4 / 1024):(thousands(median)):(thousands(quartile1)):(thousands(quartile3)) \
      with yerrorlines lc rgb (name eq "write" ? grey : "#444444") pt 6 ps 0.5 title name.", diod"
}
unset multiplot
