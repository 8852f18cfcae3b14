# How the time of a request grows.
load "Benchmarks/plots/style.gp"
file = "docs/performance/scale.csv"
set terminal svg size 860,720 font "sans-serif,11" background rgb "white"
set output "docs/performance/scale.svg"

set multiplot layout 2,2 title "Microseconds per request (median and quartiles)\nclient and helper on different CPUs; of many helpers, where the scheduler puts them"
set yrange [0:*]
set grid ytics
set key tmargin center horizontal maxcols 2 samplen 1 font ",10"
points(setting, series, name) = lines(file, setting, series, name)

set logscale x
set xlabel "entries of the directory"
plot for [name in "lstat rename"] points("entries", "ours", name) using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb (name eq "lstat" ? blue : sky) pt 7 ps 0.5 title name.", ours", \
  for [name in "lstat rename"] points("entries", "stock", name) using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb (name eq "lstat" ? "#444444" : grey) pt 6 ps 0.5 title name.", original"

unset logscale x
set xlabel "levels of the path"
plot for [name in "lstat open"] points("levels", "ours", name) using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb (name eq "lstat" ? blue : sky) pt 7 ps 0.5 title name.", ours", \
  for [name in "lstat open"] points("levels", "stock", name) using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb (name eq "lstat" ? "#444444" : grey) pt 6 ps 0.5 title name.", original"

set xlabel "bytes of the extended attribute"
plot for [name in "lgetxattr lsetxattr"] points("bytes", "ours", name) using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb (name eq "lgetxattr" ? blue : sky) pt 7 ps 0.5 title name.", ours", \
  for [name in "lgetxattr lsetxattr"] points("bytes", "stock", name) using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb (name eq "lgetxattr" ? "#444444" : grey) pt 6 ps 0.5 title name.", original"

set logscale x 2
set xlabel "helpers at once (lstat; time over all requests)"
plot points("helpers", "ours", "lstat") using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb blue pt 7 ps 0.5 title "ours", \
  points("helpers", "stock", "lstat") using 4:median:quartile1:quartile3 \
    with yerrorlines lc rgb "#444444" pt 6 ps 0.5 title "original"
unset multiplot
