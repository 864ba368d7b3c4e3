#!/bin/dash
# Runs what the machine outside sends, line by line: a number and a script in base64. Answers with
# the number, the exit status, and both outputs in base64. The first line says how long this machine
# has been up.
exec 3<>/dev/vport0p1
echo "up $(cut -d ' ' -f 1 /proc/uptime)" >&3
while read -r number script <&3; do
  echo "$script" | base64 -d >/run/agent.in
  dash /run/agent.in >/run/agent.out 2>/run/agent.err </dev/null 3<&-
  echo "$number $? out=$(base64 -w 0 /run/agent.out) err=$(base64 -w 0 /run/agent.err)" >&3
done
