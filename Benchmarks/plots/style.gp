# What the plots have in common. Each reads docs/performance/NAME.csv and writes docs/performance/NAME.svg; they are run
# from the project's directory, by script/bench plot.
set datafile separator ","
set border 3 lc rgb "#666666"
set tics nomirror textcolor rgb "#333333"
set key textcolor rgb "#333333"
set grid xtics lc rgb "#dddddd" lw 1 lt 1
set style fill solid 1.0 noborder

blue = "#1b6ca8"
sky = "#8fc1e3"
grey = "#8a8a8a"
amber = "#d08a1e"

# The columns.
median = 8; quartile1 = 9; quartile3 = 10; ratio = 11; ratio1 = 12; ratio3 = 13

# The lines of a series in a setting, and of a name where one is given.
lines(file, setting, series, name) = sprintf("< awk -F, -v OFS=, '$2 == \"%s\" && $6 == \"%s\" && (\"%s\" == \"\" || $3 == \"%s\")' %s", \
  setting, series, name, name, file)
# A line's place from the top, and a bar's from there.
row(n) = -n
