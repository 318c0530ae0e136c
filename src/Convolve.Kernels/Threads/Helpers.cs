namespace Convolve.Kernels.Threads;

/// <summary>
/// Threads that compute shares beside the executor thread where the team is narrower than its shares: each takes the next free
/// share, and nobody waits for a thread that has none. They spin for a moment and then sleep, so that they never spin beside the library's
/// team. Where there is none, they give way to other programs for a while before they sleep, since waking takes longer than most steps.
/// </summary>
internal sealed class Helpers
{
    private const int ShareBits = 16, Spins = 50, Yields = 1000;
    private readonly List<Helper> _helpers = [];
    private TeamTask? _task;
    private long _ticket; // the number of the piece of work, and how many of its shares are free
    private int _shares, _width, _done;

    /// <summary>Runs all shares; on the executor thread.</summary>
    public void Run(TeamTask task, int shares, int width)
    {
        while (_helpers.Count < width - 1)
            _helpers.Add(new(this, _helpers.Count));
        (_task, _shares, _width, _done) = (task, shares, width, 0);
        Interlocked.Exchange(ref _ticket, ((_ticket >> ShareBits) + 1) << ShareBits | (uint)shares);
        for (int i = 0; i < width - 1; i++)
            _helpers[i].Wake();
        Work();
        SpinWait wait = new();
        while (Volatile.Read(ref _done) < shares)
            wait.SpinOnce(sleep1Threshold: -1); // yields soon: who computes the last share may need this core
    }

    // Of a finished piece of work no share is free, and one is unfinished until all shares that were taken are done: so the fields are
    // those of the ticket.
    private void Work()
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int free = (int)(ticket & ((1 << ShareBits) - 1));
            if (free == 0)
                return;
            if (Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket) != ticket)
                continue;
            _task!.RunShare(_shares - free);
            Interlocked.Increment(ref _done);
        }
    }

#pragma warning disable CA1001 // lives as long as the process
    private sealed class Helper
#pragma warning restore CA1001
    {
        private readonly Helpers _team;
        private readonly SemaphoreSlim _turn = new(0);
        private readonly int _index;
        private int _isAsleep;

        public Helper(Helpers team, int index)
        {
            (_team, _index) = (team, index);
            new Thread(Loop, maxStackSize: 16 << 20) { IsBackground = true, Name = $"Convolve helper {index + 1}" }.Start();
        }

        public void Wake()
        {
            if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
                _turn.Release();
        }

        private void Loop()
        {
            ThreadTeam.LibraryTeam?.Resize(1); // a share's kernels run on its thread alone
            int yields = ThreadTeam.LibraryTeam is null ? Yields : 0;
            long seen = 0;
            while (true)
            {
                for (int i = 0; i < Spins && !HasWork(seen); i++)
                    Thread.SpinWait(20);
                for (int i = 0; i < yields && !HasWork(seen); i++)
                    Thread.Yield();
                if (!HasWork(seen))
                {
                    Interlocked.Exchange(ref _isAsleep, 1);
                    if (!HasWork(seen) || Interlocked.Exchange(ref _isAsleep, 0) == 0)
                        _turn.Wait();
                }
                seen = Volatile.Read(ref _team._ticket) >> ShareBits;
                if (_index < Volatile.Read(ref _team._width) - 1)
                    _team.Work();
            }
        }

        private bool HasWork(long seen) => Volatile.Read(ref _team._ticket) >> ShareBits != seen
            && _index < Volatile.Read(ref _team._width) - 1;
    }
}
