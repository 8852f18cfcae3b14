# Time per request as a part of the original's.
load "Benchmarks/plots/style.gp"
file = "docs/performance/helper.csv"
set terminal svg size 760,860 font "sans-serif,12" background rgb "white"
set output "docs/performance/helper.svg"

set label "Time per request, the original's = 1 (median and quartiles)" at screen 0.03, screen 0.965 left
set tmargin 3
set xrange [0:1.6]
set yrange [-25.7:0.7]
unset ytics
set ytics () scale 0
set lmargin 28
set rmargin 4
set key bmargin left vertical Left reverse
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb grey lw 1.5

different = lines(file, "different", "ours", "")
one = lines(file, "one", "ours", "")
floor = lines(file, "different", "polling-floor", "")
plot \
  different using (column(ratio)):(row($0)):(0):(column(ratio)):(row($0) + 0.02):(row($0) + 0.38):ytic(3) \
    with boxxyerror lc rgb blue title "on different CPUs", \
  different using (column(ratio)):(row($0) + 0.2):(column(ratio1)):(column(ratio3)) with xerrorbars pt 0 lc rgb "#000000" notitle, \
  one using (column(ratio)):(row($0)):(0):(column(ratio)):(row($0) - 0.38):(row($0) - 0.02) \
    with boxxyerror lc rgb sky title "on one CPU", \
  one using (column(ratio)):(row($0) - 0.2):(column(ratio1)):(column(ratio3)) with xerrorbars pt 0 lc rgb "#000000" notitle, \
  floor using (column(ratio)):(row($0) + 0.2) with points pt 7 ps 0.5 lc rgb amber \
    title "bare system call, polling, on different CPUs"
