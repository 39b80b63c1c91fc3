-- Queries whose rows have to be the same wherever they run: Highwater's tables while events wait in the inbox and after,
-- DuckDB over the table as delta-rs sees it, and Spark. SameAnswersTests runs them and makes the journals: `events` are
-- orders, `paid.events` what was paid for them.
--
-- A query begins with its name. "-- time zone:" is the session's, UTC unless given. "-- on spark:" begins the spelling for
-- Spark where the dialects differ. All of them say in which order rows come, and give a name to each column.

-- query: how many there are
select count(*) as n, count(key) as keys, count(distinct key) as customers, count(data) as texts, count(data_bytes) as binaries
from events order by n

-- query: counts by key, nulls and empty texts apart
select key, count(*) as n from events group by key order by n desc, key nulls first

-- query: first and last of each key
select key, min(timestamp) as first, max(timestamp) as last from events group by key order by key nulls last

-- query: groups that are large
select source, count(*) as n from events group by source having count(*) > 100 order by source nulls first

-- query: counts with a filter
select count(*) filter (where source = 'web') as web, count(*) filter (where source is null) as nobody,
  count(*) filter (where key = '') as empty from events order by web

-- query: counts by two columns and their totals
select source, key, count(*) as n, grouping(source) as no_source, grouping(key) as no_key
from events group by rollup (source, key) order by no_source, no_key, source nulls first, key nulls first

-- query: grouping sets
select source, key is null as anonymous, count(*) as n from events
group by grouping sets ((source), (key is null), ()) order by n, source nulls first, anonymous nulls first

-- query: distinct pairs
select distinct source, key from events order by source nulls first, key nulls first

-- query: average and spread of the lengths of payloads
select round(avg(length(data)), 6) as mean, round(stddev_pop(length(data)), 6) as spread, median(length(data)) as middle
from events order by mean

-- query: all, any, and one of each
select key, bool_and(source is null) as never, bool_or(source = 'web') as ever, any_value(key) as same
from events where key is not null group by key order by key

-- query: the longest payloads
select event_id, length(data) as characters from events where data is not null order by characters desc, event_id limit 10

-- query: paging
select event_id, timestamp from events order by timestamp, event_id limit 15 offset 100

-- query: everything about some events
select event_id, timestamp, key, source, sequence, data, data_bytes from events
where event_id between 'order-0120' and 'order-0140' order by event_id

-- query: every payload, unchanged
select event_id, data, hex(data_bytes) as bytes from events order by event_id

-- query: row numbers within a key
select event_id, key, row_number() over (partition by key order by timestamp, event_id) as place
from events where event_id < 'order-0080' order by event_id

-- query: the last event of each key
select key, event_id, timestamp from (
  select *, row_number() over (partition by key order by timestamp desc, event_id) as place from events
) ranked where place = 1 order by key nulls first

-- query: a running total
select event_id, sum(length(data)) over (order by timestamp, event_id rows between unbounded preceding and current row) as total
from events where source = 'web' order by timestamp, event_id

-- query: a moving average
select event_id, round(avg(length(data)) over (order by timestamp, event_id rows between 3 preceding and current row), 6) as mean
from events where source = 'shop' order by timestamp, event_id

-- query: the event before and the one after
select event_id, lag(event_id) over (partition by key order by timestamp, event_id) as before,
  lead(event_id, 2, 'none') over (partition by key order by timestamp, event_id) as after
from events where key like 'customer-%' order by event_id limit 60

-- query: ranks and shares
select key, n, rank() over (order by n desc) as place, dense_rank() over (order by n desc) as dense,
  ntile(3) over (order by n desc, key nulls first) as third, round(n / sum(n) over (), 9) as share
from (select key, count(*) as n from events group by key) counted order by n desc, key nulls first

-- query: first and last values of a window
select event_id, first_value(event_id) over w as first, last_value(event_id) over w as last
from events where event_id < 'order-0050'
window w as (partition by source order by timestamp, event_id rows between unbounded preceding and unbounded following)
order by event_id

-- query: pauses between events of a key
select key, event_id, epoch_us(timestamp) - epoch_us(lag(timestamp) over (partition by key order by timestamp, event_id)) as pause
from events where key in ('customer-1', 'customer-2') order by key, timestamp, event_id
-- on spark:
select key, event_id, unix_micros(timestamp) - unix_micros(lag(timestamp) over (partition by key order by timestamp, event_id)) as pause
from events where key in ('customer-1', 'customer-2') order by key, timestamp, event_id

-- query: orders that were paid
select o.event_id, count(*) as payments, max(p.timestamp) as last from events o join paid.events p on p.key = o.event_id
group by o.event_id order by payments desc, o.event_id limit 40

-- query: orders that were not
select o.event_id from events o left join paid.events p on p.key = o.event_id where p.event_id is null order by o.event_id

-- query: payments of orders that do not exist
select p.event_id, p.key from paid.events p where not exists (select 1 from events o where o.event_id = p.key) order by p.event_id

-- query: orders with a payment, by a subquery
select count(*) as n from events where event_id in (select key from paid.events where key is not null) order by n

-- query: everything of both sides
select o.event_id as ordered, p.event_id as paid from events o full outer join paid.events p on o.event_id = p.key
where o.event_id is null or p.event_id is null or o.event_id < 'order-0030' order by ordered nulls first, paid nulls first

-- query: who paid within a week
select o.key, count(*) as n from events o join paid.events p
  on p.key = o.event_id and p.timestamp between o.timestamp and o.timestamp + interval '7' day
group by o.key order by o.key nulls first

-- query: the same ids nowhere
select event_id from events intersect select key from paid.events order by event_id limit 25

-- query: what only one side has
select count(*) as n from (select key from paid.events where key is not null except select event_id from events) missing order by n

-- query: both together
select kind, count(*) as n, min(timestamp) as first from (
  select 'order' as kind, timestamp from events union all select 'payment' as kind, timestamp from paid.events
) together group by kind order by kind

-- query: revenue by kind
select data->>'$.kind' as kind, count(*) as n, sum(cast(data->>'$.amount' as double)) as amount
from events where json_valid(data) group by 1 order by kind nulls first
-- on spark:
select get_json_object(data, '$.kind') as kind, count(*) as n, sum(cast(get_json_object(data, '$.amount') as double)) as amount
from events where get_json_object(data, '$') is not null group by 1 order by kind nulls first

-- query: a path two levels deep, where the field is null, missing or no JSON at all
select event_id, case when json_valid(data) then data->>'$.customer.city' end as city from events order by event_id limit 120
-- on spark:
select event_id, get_json_object(data, '$.customer.city') as city from events order by event_id limit 120

-- query: elements of an array in JSON
select event_id, data->>'$.tags[0]' as first, json_array_length(data->'$.tags') as tags, data->>'$.tags[7]' as none
from events where json_valid(data) order by event_id limit 80
-- on spark:
select event_id, get_json_object(data, '$.tags[0]') as first, json_array_length(get_json_object(data, '$.tags')) as tags,
  get_json_object(data, '$.tags[7]') as none
from events where get_json_object(data, '$') is not null order by event_id limit 80

-- query: tags unfolded
select tag, count(*) as n from (
  select unnest(from_json(data->'$.tags', '["VARCHAR"]')) as tag from events where json_valid(data)
) unfolded group by tag order by n desc, tag
-- on spark:
select tag, count(*) as n from (
  select explode(from_json(get_json_object(data, '$.tags'), 'array<string>')) as tag from events
) unfolded group by tag order by n desc, tag

-- query: numbers and booleans of JSON
select event_id, cast(data->>'$.n' as bigint) as n, cast(data->>'$.amount' as double) * 2 as twice, cast(data->>'$.express' as boolean) as express
from events where json_valid(data) and (data->>'$.express') is not null order by event_id limit 100
-- on spark:
select event_id, cast(get_json_object(data, '$.n') as bigint) as n, cast(get_json_object(data, '$.amount') as double) * 2 as twice,
  cast(get_json_object(data, '$.express') as boolean) as express
from events where get_json_object(data, '$.express') is not null order by event_id limit 100

-- query: a field with unicode
select data->>'$.customer.name' as name, length(data->>'$.customer.name') as characters, count(*) as n
from events where json_valid(data) group by 1, 2 order by name nulls first
-- on spark:
select get_json_object(data, '$.customer.name') as name, length(get_json_object(data, '$.customer.name')) as characters, count(*) as n
from events where get_json_object(data, '$') is not null group by 1, 2 order by name nulls first

-- query: payments of an order summed from JSON of both journals
select o.event_id, cast(o.data->>'$.amount' as double) as amount, sum(cast(p.data->>'$.cents' as bigint)) as cents
from events o join paid.events p on p.key = o.event_id where json_valid(o.data)
group by 1, 2 having sum(cast(p.data->>'$.cents' as bigint)) > 300 order by o.event_id limit 50
-- on spark:
select o.event_id, cast(get_json_object(o.data, '$.amount') as double) as amount, sum(cast(get_json_object(p.data, '$.cents') as bigint)) as cents
from events o join paid.events p on p.key = o.event_id where get_json_object(o.data, '$') is not null
group by 1, 2 having sum(cast(get_json_object(p.data, '$.cents') as bigint)) > 300 order by o.event_id limit 50

-- query: by month
select date_trunc('month', timestamp) as month, count(*) as n from events group by 1 order by month

-- query: by month in New York
-- time zone: America/New_York
select date_trunc('month', timestamp) as month, count(*) as n from events group by 1 order by month

-- query: days around the change of clocks in Berlin
-- time zone: Europe/Berlin
select cast(timestamp as date) as day, count(*) as n, min(extract(hour from timestamp)) as earliest, max(extract(hour from timestamp)) as latest
from events where timestamp >= '2024-03-30' and timestamp < '2024-04-02' group by 1 order by day

-- query: hours of the day in Kathmandu
-- time zone: Asia/Kathmandu
select extract(hour from timestamp) as hour, extract(minute from timestamp) as minute, count(*) as n
from events group by 1, 2 order by n desc, hour, minute limit 50

-- query: parts of a moment
select event_id, extract(year from timestamp) as year, extract(month from timestamp) as month, extract(day from timestamp) as day,
  extract(quarter from timestamp) as quarter, extract(week from timestamp) as week, extract(doy from timestamp) as day_of_year
from events order by timestamp, event_id

-- query: a moment written in two zones
select event_id, strftime(timezone('Asia/Tokyo', timestamp), '%Y-%m-%d %H:%M:%S') as tokyo,
  strftime(timezone('America/St_Johns', timestamp), '%Y-%m-%d %H:%M:%S') as st_johns from events
where timestamp > '1971-01-01' order by event_id limit 200
-- on spark:
select event_id, date_format(from_utc_timestamp(timestamp, 'Asia/Tokyo'), 'yyyy-MM-dd HH:mm:ss') as tokyo,
  date_format(from_utc_timestamp(timestamp, 'America/St_Johns'), 'yyyy-MM-dd HH:mm:ss') as st_johns from events
where timestamp > '1971-01-01' order by event_id limit 200

-- query: a range of time, to the microsecond
select event_id, timestamp from events where timestamp > '2024-03-10 00:00:00+00:00' and timestamp <= '2024-03-20 12:30:00.000001+02:00'
order by timestamp, event_id

-- query: before 1970 and far ahead
select event_id, timestamp, epoch_us(timestamp) as micros from events
where timestamp < '1970-01-01' or timestamp > '2100-01-01' order by timestamp
-- on spark:
select event_id, timestamp, unix_micros(timestamp) as micros from events
where timestamp < '1970-01-01' or timestamp > '2100-01-01' order by timestamp

-- query: nulls in comparisons
select count(*) filter (where key = 'customer-1') as equal, count(*) filter (where key <> 'customer-1') as unequal,
  count(*) filter (where key is distinct from 'customer-1') as other, count(*) filter (where not (source = 'web')) as not_web,
  count(*) filter (where coalesce(source, 'nobody') = 'nobody') as nobody, count(nullif(source, 'web')) as but_web
from events order by equal

-- query: nulls in aggregates
select source, sum(case when key is null then 1 end) as anonymous, avg(case when key = 'nobody' then 1 end) as none, max(sequence) as last
from events group by source order by source nulls first

-- query: nulls in lists
select count(*) filter (where source in ('web', 'shop')) as listed, count(*) filter (where source not in ('web')) as unlisted,
  count(*) filter (where source in ('web', null)) as with_null from events order by listed

-- query: unicode compared, cut and counted
select key, length(key) as characters, octet_length(encode(key)) as bytes, upper(key) as upper, substring(key, 1, 3) as head, reverse(key) as backwards
from events where key >= 'd' or key like '%ë%' group by key order by key
-- on spark:
select key, length(key) as characters, octet_length(key) as bytes, upper(key) as upper, substring(key, 1, 3) as head, reverse(key) as backwards
from events where key >= 'd' or key like '%ë%' group by key order by key

-- query: patterns
select count(*) filter (where data like '%"kind":"gift"%') as gifts, count(*) filter (where data like '%😀%') as smiles,
  count(*) filter (where data like 'not JSON_ %') as plain, count(*) filter (where data = '') as empty from events order by gifts

-- query: texts put together
select event_id, concat(coalesce(key, '-'), '/', coalesce(source, '-')) as place, event_id || ':' || coalesce(sequence, '') as mark,
  replace(event_id, 'order-', '#') as short, trim('  ' || event_id || ' ') as trimmed
from events order by event_id limit 40

-- query: line ends and quotes
select event_id, data from events where data like 'not JSON%' order by event_id

-- query: digests of texts
select event_id, md5(data) as md5 from events where data is not null order by event_id

-- query: binary payloads
select event_id, hex(data_bytes) as bytes, octet_length(data_bytes) as size, data is null as no_text
from events where data_bytes is not null order by event_id

-- query: binary payloads grouped
select data_bytes, count(*) as n, min(event_id) as first from events where data_bytes is not null group by data_bytes order by first

-- query: text or bytes, each event has one
select count(*) as n from events where (data is null) = (data_bytes is null) order by n

-- query: casts
select event_id, cast(substring(event_id, 7) as int) as number, cast(cast(substring(event_id, 7) as int) % 7 as varchar(10)) as rest,
  cast(substring(event_id, 7) as double) / 8 as eighth from events where event_id like 'order-%' order by event_id limit 60

-- query: cases and a scalar subquery
select case when length(data) > (select avg(length(data)) from events) then 'long' when data is null then 'binary' else 'short' end as size,
  count(*) as n from events group by 1 order by size

-- query: steps with names
with daily as (select cast(timestamp as date) as day, count(*) as n from events group by 1),
  busy as (select day, n from daily where n >= 3)
select extract(month from day) as month, count(*) as days, sum(n) as events from busy group by 1 order by month

-- query: pairs of neighbours, by a join with itself
select a.event_id as one, b.event_id as other from events a join events b
  on a.key = b.key and a.event_id < b.event_id and b.timestamp - a.timestamp < interval '9' hour
order by one, other

-- query: promoted columns in groups
select p_express, count(*) as n, sum(p_amount) as amount, min(p_number) as low, max(p_number) as high, count(p_city) as cities
from events group by p_express order by p_express nulls first

-- query: promoted columns in conditions
select event_id, p_amount, p_city, key from events where p_amount > 9 and p_number % 2 = 0 order by event_id

-- query: a promoted column with nulls
select p_city, count(*) as n, max(p_tags) as tags from events group by p_city order by p_city nulls first

-- query: promoted columns beside payloads and time
select event_id, p_number, p_tags, data from events where p_tags = 3 and timestamp > timestamp '2024-03-01 00:00:00' order by event_id

-- query: a promoted column of another journal's partner
select o.p_city as city, count(*) as n, sum(o.p_amount) as amount from events o join paid.events p on p.key = o.event_id
group by 1 order by city nulls first
