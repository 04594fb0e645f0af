# A stand-in for the official Postgres image, where that cannot be pulled: the
# same paths, user, variables and way to start, on Debian's own packages.
FROM localhost/irt-debian
RUN groupadd -r postgres --gid=999 \
    && useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres \
    && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql \
    && mkdir /docker-entrypoint-initdb.d
ENV PG_MAJOR=15
ENV PATH=${PATH}:/usr/lib/postgresql/${PG_MAJOR}/bin LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-common \
    && sed -ri 's/#(create_main_cluster) .*$/\1 = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends "postgresql-${PG_MAJOR}" \
    && rm -rf /var/lib/apt/lists/*
RUN mv "/usr/share/postgresql/${PG_MAJOR}/postgresql.conf.sample" /usr/share/postgresql/ \
    && ln -s ../postgresql.conf.sample "/usr/share/postgresql/${PG_MAJOR}/" \
    && sed -ri "s!^#?(listen_addresses)\s*=\s*\S+.*!\1 = '*'!" /usr/share/postgresql/postgresql.conf.sample
RUN install -d -o postgres -g postgres -m 3777 /var/run/postgresql
ENV PGDATA=/var/lib/postgresql/data
RUN install -d -o postgres -g postgres -m 1777 "$PGDATA"
VOLUME /var/lib/postgresql/data
COPY gosu docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
