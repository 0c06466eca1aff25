namespace OpsBro.Core.KeyValue;

/// <summary>The second half of compare and set: what was found is compared, written, or shown.</summary>
public sealed partial class KeyValueEngine
{
    sealed partial class CasWork
    {
        void Compare()
        {
            var merged = Merged(Key, Request!.KeyHash, copies, null);
            var winner = merged.Winner;
            var current = winner is null || winner.IsGone(Engine.now.UnixMilliseconds) ? 0 : winner.Shown;
            if (attempt is not null && winner?.Dot != attempt.Dot)
            {
                // an earlier try of ours may have been seen, and replaced: nobody can tell
                End(Late());
                return;
            }
            if (IsRead) ShowConflict(merged);
            else if (attempt is not null || current == Request.Operation.Expected) Write(merged, again: attempt);
            else ShowConflict(merged);
        }

        /// <summary>Writes what is asked for, or once more what was found, as Paxos does: with the version that a majority has promised.</summary>
        void Write(KeyEntry merged, KeyRecord? again)
        {
            var entry = Engine.store.FindOrAdd(Key, Request!.KeyHash);
            Engine.TakeIn(entry, RecordsOf(merged));
            entry = Engine.store.FindOrAdd(Key, Request.KeyHash);
            if (entry.Promise > ballot || entry.Winner?.Version > ballot || Engine.store.Partitions[partition].Floor >= ballot)
            {
                TryLater();
                return;
            }
            if (entry.Winner?.Dot != merged.Winner?.Dot && merged.Winner is not null && entry.Winner?.Includes(merged.Winner.Dot) != true
                || entry.Winner is not null && merged.Winner?.Includes(entry.Winner.Dot) != true)
            {
                // another write came in here meanwhile: it must be compared as well
                TryLater();
                return;
            }
            if (again is null && Request.Operation.Verb == KeyValueVerb.Delete && merged.Winner is null)
            {
                if (entry.IsEmpty) Engine.store.Partitions[partition].Entries.Remove(Key);
                End(new KeyValueResult(KeyValueStatus.Ok, "") { Copies = agreed.Count });
                return;
            }
            step = Step.Writing;
            agreed.Clear();
            if (again is null) proposal = attempt = Engine.Write(entry, Request.Operation, ballot);
            else
            {
                proposal = again.Again(ballot, Engine.store.NextDot(Engine.store.Partitions[partition]));
                if (ReferenceEquals(again, attempt)) attempt = proposal;
                Engine.store.Merge(entry, proposal, Engine.now);
            }
            var (mine, head) = (proposal, Engine.Head);
            Send(proposal);
            Engine.store.WhenDurable(entry.Ticket, _ => Kept(Engine.settings.Name, head, KeptStatus.Kept, mine.Dot, 0, []), Engine.now);
        }

        void ShowConflict(KeyEntry merged)
        {
            newest = merged;
            agreed.Clear();
            step = Step.Ending;
            if (merged.Winner is not { } winner)
            {
                EndWithConflict();
                return;
            }
            foreach (var (name, copy) in copies)
                if (Holds(copy, winner) && !copy.IsLoose) agreed[name] = copy.Head;
            // what a minority has may vanish again: it must be on a majority before anybody hears of it
            if (IsAlone || Engine.IsDecided(agreed, partition, all: false)) EndWithConflict();
            else Write(merged, again: winner);
        }

        void EndWithConflict()
        {
            var view = Engine.View(Key, newest!.Winner, newest.Losers);
            var isThere = view is { IsDeleted: false };
            var there = isThere ? $"has version {view!.Version}" : "is not there";
            var result = Refuse(KeyValueStatus.Conflict, $"the key {there}, and version {Request!.Operation.Expected} was expected (0: not there)");
            result = result with { Entry = isThere ? view : null, Copies = agreed.Count };
            if (IsRead) result = Engine.ReadResult(Key, newest.Winner, newest.Losers, agreed.Count);
            // alone, the disk may not have yet what is shown
            Engine.store.WhenDurable(Engine.store.Find(Key, Request.KeyHash)?.Ticket ?? 0, _ =>
            {
                if (Number != 0) End(result);
            }, Engine.now);
        }

        public override void Kept(string from, in MessageHead head, KeptStatus status, in Dot dot, long highest, KeyRecord[] records)
        {
            if (Number == 0 || step != Step.Writing || dot != proposal!.Dot) return;
            if (status == KeptStatus.Refused)
            {
                TryLater();
                return;
            }
            if (status != KeptStatus.Kept) return;
            agreed[from] = head;
            if (!agreed.ContainsKey(Engine.settings.Name)) return;
            var isOurs = ReferenceEquals(proposal, attempt);
            if (!IsAlone && !Engine.IsDecided(agreed, partition, isOurs && Request!.Operation.Acknowledgement == Acknowledgement.All)) return;
            if (!isOurs) EndWithConflict();
            else End(new KeyValueResult(KeyValueStatus.Ok, "") { Entry = Engine.View(Key, attempt!), Copies = agreed.Count });
        }

        public override KeyValueResult Late() => Refuse(KeyValueStatus.Unavailable, IsRead
            ? $"{agreed.Count} copies agreed in time on the value that holds, which is too few" : attempt is null
            ? $"{agreed.Count} copies agreed in time, which is too few; nothing was written"
            : "too few copies agreed in time; the write may hold all the same");

        public override void End(KeyValueResult result)
        {
            base.End(result);
            Engine.CasEnded(Key);
        }
    }
}
