# How the time of a request grows: the helper's with what it is about, the 9P server's with what it holds.
load "Benchmarks/plots/style.gp"
file = "docs/performance/scale.csv"
set terminal svg size 860,1440 font "sans-serif,11" background rgb "white"
set output "docs/performance/scale.svg"

set multiplot layout 4,2 title "Microseconds per request (median and quartiles)\nclient and helper on different CPUs; many helpers where the scheduler puts them; the 9P server and its client on one"
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

# Panels of the 9P server, in one process and in two: times as multiples of those with a hundredth.
held(setting, series, name) = lines(file, setting, series, name)." | grep -v ,memory,"
set logscale x 10
set format x "10^{%T}"
set yrange [0:4]
set ylabel "time with a hundredth = 1"
do for [panel in "fids directory clients locks"] {
  # A server may have refused what a panel is of.
  if (int(system("grep -c '^scale,".panel.",.*,9p,' ".file)) == 0) { continue }
  names = panel eq "fids" ? "'walk + clunk' getattr" : \
    panel eq "directory" ? "'walk + clunk' 'create + remove'" : \
    panel eq "clients" ? "'getattr of one of them' 'getattr of 10 at once'" : "'lock + unlock' 'lock that another has'"
  set xlabel "9P server: ".(panel eq "fids" ? "fids of all clients" : panel eq "directory" ? "entries of the directory" : \
    panel eq "clients" ? "clients" : "locks of all clients on one file")
  plot for [i = 1:2] held(panel, "ours", word(names, i)) using 4:ratio:ratio1:ratio3 \
      with yerrorlines lc rgb (i == 1 ? blue : sky) pt 7 ps 0.5 title word(names, i).", one process", \
    for [i = 1:2] held(panel, "ours-split", word(names, i)) using 4:ratio:ratio1:ratio3 \
      with yerrorlines lc rgb (i == 1 ? amber : grey) pt 6 ps 0.5 title word(names, i).", split"
}
unset multiplot
