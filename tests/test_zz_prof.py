import cProfile, pstats, time
from tests.test_access import *
def test_prof(world):
    v = visitor(world, person(world, "wang"))
    pr = cProfile.Profile(); t=time.time(); pr.enable()
    f = walk(world, v)
    pr.disable()
    print("CALLS", f.calls, time.time()-t)
    print("\n".join(f.faults))
    st=pstats.Stats(pr); st.sort_stats("cumulative").print_stats(60); st.sort_stats("tottime").print_stats(25)
