import perlipc as ipc

for c in "exit 0;", "exit 1;", "exit 255;", "kill -9 $$;", "kill -TERM $$;":
    with ipc.open("-|", c) as f:
        f.read()
    st = f.status
    signal = ipc.SIG.number(st.signal) if st.signal else 0
    print(f"{c} close={int(st.ok)} errno=0 status={int(st)} code={st.code or 0} signal={signal}")
