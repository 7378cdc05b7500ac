"""The images that scripts start from, made once by our builder and loaded into both engines."""

from __future__ import annotations

FOR_EVER = "while :; do sleep 0.05; done"
TRAP = f"""\
trap 'echo got TERM; exit 3' TERM
trap 'echo got USR1; exit 4' USR1
echo ready
{FOR_EVER}
"""

IMAGES = {
    "trap": f"FROM base\nCOPY <<'EOF' /trap\n{TRAP}EOF\nCMD [\"sh\", \"/trap\"]",
    "deaf": f'FROM base\nCMD ["sh", "-c", "trap \'\' TERM; echo ready; {FOR_EVER}"]',
    "usr1": 'FROM trap\nSTOPSIGNAL SIGUSR1',
    "words": 'FROM base\nENTRYPOINT ["echo", "entry"]\nCMD ["from", "cmd"]',
    "shellform": "FROM base\nENV who=me\nENTRYPOINT echo I am $who\nCMD ignored",
    "settings": """FROM base
ENV A=1 B="two words"
LABEL color=red size="very large"
EXPOSE 80/tcp
USER sue:staff
WORKDIR /w/d
CMD ["sh", "-c", "id -un; id -gn; pwd; echo $A $B"]""",
    "number": "FROM base\nUSER 4321",
    "stranger": "FROM base\nUSER nobodyhere",
    "kept": """FROM base
RUN mkdir /data && echo seed > /data/seed && chown 1234:77 /data && chmod 750 /data
VOLUME /data""",
    "checked": 'FROM base\nHEALTHCHECK --interval=9s --retries=2 CMD true\nCMD ["sleep", "60"]',
    "silent": "FROM scratch\nCOPY a.txt /",
    "longtail": "FROM base\nRUN echo built > /built && rm /file && rm -r /dir/deep",
}  # fmt: skip
